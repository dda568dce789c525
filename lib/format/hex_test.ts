/** Hexadecimal text. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeHex, encodeHex } from "./hex.ts";

Deno.test("encodeHex() writes two lower-case digits a byte", () => {
  assert.equal(encodeHex(Uint8Array.of(0, 0xa, 0xff, 0x7f)), "000aff7f");
  assert.equal(encodeHex(new Uint8Array()), "");
});

Deno.test("decodeHex() reads both cases and refuses the rest", () => {
  assert.deepEqual(decodeHex("DEADbeef"), Uint8Array.of(0xde, 0xad, 0xbe, 0xef));
  for (const text of ["a", "0x", "gg", " 00", "00\n"]) {
    assert.throws(() => decodeHex(text), SyntaxError);
  }
});

Deno.test("decodeHex() reads back what encodeHex() wrote", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    assert.deepEqual(decodeHex(encodeHex(bytes)), Uint8Array.from(bytes));
  }));
});
