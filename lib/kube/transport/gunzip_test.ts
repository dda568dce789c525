/** Small bodies and large ones take different ways to the same end. */

import assert from "node:assert/strict";
import { TransportError } from "../errors.ts";
import { gunzip } from "./gunzip.ts";

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Bytes that no compression makes shorter. */
function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, Math.min(length, at + 65_536)));
  }
  return bytes;
}

const refused = (error: unknown) => {
  assert.ok(error instanceof TransportError);
  assert.equal(error.kind, "protocol");
  assert.match(error.message, /^Cannot decompress the response body: ./);
  return error.headersSeen;
};

for (const length of [0, 1000, 300_000]) {
  Deno.test(`gunzip() gives back ${length} bytes, and not one above its bound`, async () => {
    const bytes = noise(length);
    const zipped = await gzip(bytes);
    assert.deepEqual(new Uint8Array(await gunzip(zipped, Math.max(1, length))), bytes);
    if (length > 0) await assert.rejects(gunzip(zipped, length - 1), refused);
  });

  Deno.test(`gunzip() refuses what is cut or broken, ${length} bytes`, async () => {
    const zipped = await gzip(noise(length));
    await assert.rejects(gunzip(zipped.subarray(0, zipped.length - 5), 1 << 20), refused);
    const broken = zipped.slice();
    broken[0] = 0;
    await assert.rejects(gunzip(broken, 1 << 20), refused);
  });
}

Deno.test("gunzip() ends a bomb at its bound", async () => {
  const bomb = await gzip(new Uint8Array(64 * 1024 * 1024));
  assert.ok(bomb.length < 128 * 1024);
  await assert.rejects(gunzip(bomb, 1024 * 1024), refused);
});
