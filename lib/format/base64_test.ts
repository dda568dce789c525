/** Base64, native and portable alike. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeBase64, decodePortably, encodeBase64, encodePortably } from "./base64.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

// RFC 4648, section 10.
const VECTORS: readonly (readonly [plain: string, encoded: string])[] = [
  ["", ""],
  ["f", "Zg=="],
  ["fo", "Zm8="],
  ["foo", "Zm9v"],
  ["foob", "Zm9vYg=="],
  ["fooba", "Zm9vYmE="],
  ["foobar", "Zm9vYmFy"],
];

Deno.test("encodeBase64() and decodeBase64() follow RFC 4648", () => {
  for (const [plain, encoded] of VECTORS) {
    for (const encode of [encodeBase64, encodePortably]) {
      assert.equal(encode(bytes(plain)), encoded);
    }
    for (const decode of [decodeBase64, decodePortably]) {
      assert.deepEqual(decode(encoded), bytes(plain));
    }
  }
});

Deno.test("decodeBase64() skips white space", () => {
  for (const decode of [decodeBase64, decodePortably]) {
    assert.deepEqual(decode("Zm9v\r\n YmFy\t\n"), bytes("foobar"));
  }
});

Deno.test("decodeBase64() refuses what is not base64", () => {
  for (const text of ["Zg", "Zg=", "Zm9v=", "Z", "Zm-_", "Zh==", "====", "Zm9v.", "Zg==Zg=="]) {
    assert.throws(() => decodeBase64(text), SyntaxError);
    assert.throws(() => decodePortably(text));
  }
});

Deno.test("decodeBase64() reads back what encodeBase64() wrote", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
    assert.deepEqual(decodeBase64(encodePortably(input)), Uint8Array.from(input));
    assert.deepEqual(decodePortably(encodeBase64(input)), Uint8Array.from(input));
  }));
});

Deno.test("encodePortably() takes more bytes than fit one argument list", () => {
  const large = new Uint8Array(1_000_000).fill(0xff);
  assert.equal(encodePortably(large), encodeBase64(large));
});
