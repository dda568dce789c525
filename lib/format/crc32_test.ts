/** CRC-32 against published vectors. */

import assert from "node:assert/strict";
import { crc32 as nodeCrc32 } from "node:zlib";
import fc from "fast-check";
import { crc32 } from "./crc32.ts";

// The first is the check value of the CRC catalogue; the rest are of the ring protocol.
const VECTORS: readonly (readonly [text: string, sum: string])[] = [
  ["123456789", "cbf43926"],
  ["", "00000000"],
  ["0http://10.0.0.1:5000", "4626c8a2"],
  ["1http://10.0.0.1:5000", "d9fc4b3c"],
  ["49http://10.0.0.1:5000", "68ea7da3"],
  ["/deploy.yml", "d2a79167"],
  ["/a b.yml", "03717a92"],
  ["/", "79d3d2d4"],
];

Deno.test("crc32() gives the published sums", () => {
  for (const [text, sum] of VECTORS) {
    assert.equal(crc32(text).toString(16).padStart(8, "0"), sum);
  }
});

Deno.test("crc32() of any bytes is what zlib computes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    assert.equal(crc32(bytes), nodeCrc32(bytes));
  }));
});
