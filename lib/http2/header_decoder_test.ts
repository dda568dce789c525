/** The examples of RFC 7541, appendix C, and what no peer may do. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { HeaderDecoder } from "./header_decoder.ts";
import { HeaderEncoder } from "./header_encoder.ts";
import { Http2Error } from "./http2_error.ts";
import type { HeaderLine } from "./static_table.ts";

const maxListBytes = 64 * 1024;

function bytes(hex: string): Uint8Array {
  return Uint8Array.fromHex(hex.replaceAll(" ", ""));
}

const FIRST = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "www.example.com"],
];
const THIRD = [
  [":method", "GET"],
  [":scheme", "https"],
  [":path", "/index.html"],
  [":authority", "www.example.com"],
  ["custom-key", "custom-value"],
];

Deno.test("decode() reads requests that refer to earlier ones (C.3)", () => {
  const decoder = new HeaderDecoder({ maxListBytes });
  const blocks = [
    "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
    "8286 84be 5808 6e6f 2d63 6163 6865",
    "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
  ];
  const lines = blocks.map((block) => decoder.decode(bytes(block)));
  assert.deepEqual(lines, [FIRST, [...FIRST, ["cache-control", "no-cache"]], THIRD]);
});

Deno.test("decode() reads the same in Huffman's code (C.4)", () => {
  const decoder = new HeaderDecoder({ maxListBytes });
  const blocks = [
    "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
    "8286 84be 5886 a8eb 1064 9cbf",
    "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
  ];
  const lines = blocks.map((block) => decoder.decode(bytes(block)));
  assert.deepEqual(lines, [FIRST, [...FIRST, ["cache-control", "no-cache"]], THIRD]);
});

Deno.test("decode() forgets the oldest headers when its table is full (C.6)", () => {
  const decoder = new HeaderDecoder({ maxListBytes });
  // The examples have a table of 256 bytes, which the peer sets first: 32 + 255 - 31 = 0x3f 0xe1 0x01.
  const blocks = [
    "3fe1 01 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b " +
    "ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
    "4883 640e ffc1 c0bf",
    "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d " +
    "d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 " +
    "3d50 07",
  ];
  const [first, second, third] = blocks.map((block) => decoder.decode(bytes(block)));
  const common = [
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
    ["location", "https://www.example.com"],
  ];
  assert.deepEqual(first, [[":status", "302"], ...common]);
  assert.deepEqual(second, [[":status", "307"], ...common]);
  assert.deepEqual(third, [
    [":status", "200"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:22 GMT"],
    ["location", "https://www.example.com"],
    ["content-encoding", "gzip"],
    ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
  ]);
});

Deno.test("decode() refuses what is no block of headers", () => {
  const cases = {
    "80": "there is no entry 0",
    "be": "there is no entry 62",
    "ff ffff ffff 0f": "a number is too large",
    "41": "ends within a number",
    "41 05 6162": "ends within a text",
    "82 20": "changes within the headers",
    "3f e2 1f": "a table of 4097 bytes was not offered",
    "41 81 00": "invalid Huffman code",
    "41 82 ffff": "invalid Huffman code",
    "41 84 ffff ffff": "invalid Huffman code",
  };
  for (const [block, message] of Object.entries(cases)) {
    const decoder = new HeaderDecoder({ maxListBytes });
    assert.throws(() => decoder.decode(bytes(block)), (error) => {
      assert.ok(error instanceof Http2Error);
      assert.match(error.message, new RegExp(message), block);
      assert.equal(error.code, 9);
      return true;
    });
  }
});

Deno.test("decode() bounds what few bytes may stand for", () => {
  const decoder = new HeaderDecoder({ maxListBytes });
  const long = new HeaderEncoder().encode([["x", "a".repeat(3000)]]);
  // The second byte says how the header is written: 0x40 keeps it in the table.
  const kept = long.slice(1);
  kept[0] = 0x40;
  assert.equal(decoder.decode(kept).length, 1);
  assert.equal(decoder.decode(new Uint8Array(21).fill(0xbe)).length, 21);
  assert.throws(() => decoder.decode(new Uint8Array(22).fill(0xbe)), { code: 11 });
});

Deno.test("decode() reads what encode() writes", () => {
  const text = fc.string({ unit: "binary-ascii", maxLength: 200 });
  fc.assert(fc.property(fc.array(fc.tuple(text, text), { maxLength: 10 }), (lines) => {
    const block = new HeaderEncoder().encode(lines);
    assert.deepEqual(new HeaderDecoder({ maxListBytes }).decode(block), lines);
  }));
});

Deno.test("decode() of any bytes gives headers or an error of its own", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (block) => {
    let lines: readonly HeaderLine[] = [];
    try {
      lines = new HeaderDecoder({ maxListBytes }).decode(block);
    } catch (error) {
      assert.ok(error instanceof Http2Error, String(error));
    }
    for (const [name, value] of lines) assert.ok(typeof name === "string" && value !== undefined);
  }));
});

Deno.test("encode() marks secrets, which no proxy may keep", () => {
  const block = new HeaderEncoder().encode([["authorization", "Bearer x"], ["accept", "a"]]);
  assert.equal(block[0], 0x20);
  // Index 23 in four bits: 15 and 8 more.
  assert.deepEqual([...block.subarray(1, 3)], [0x1f, 8]);
  assert.deepEqual([...block.subarray(12, 14)], [0x0f, 4]);
});
