/** A response over a source that is fed by hand. */

import assert from "node:assert/strict";
import { createResponse, type OwnedResponse } from "./response.ts";

function responseOf(): { response: OwnedResponse; feed: (piece: Uint8Array) => void } {
  let feed: (piece: Uint8Array) => void = () => {};
  const source = {
    on: (_: "data", listener: typeof feed) => feed = listener,
    pause() {},
    resume() {},
  };
  const parts = { status: 200, headers: {}, protocol: "h2", source, cancel() {} };
  const response = createResponse(parts);
  return { response, feed: (piece) => feed(piece) };
}

Deno.test("tiny pieces of a body are put together while they wait", async () => {
  const { response, feed } = responseOf();
  const sizes = [1, 5000, 300, 1, 1, ...Array.from({ length: 10_000 }, (_, at) => 1 + at % 7), 400];
  const whole = new Uint8Array(sizes.reduce((sum, size) => sum + size)).map((_, at) => at % 251);
  let at = 0;
  for (const size of sizes) feed(whole.slice(at, at += size));
  response.finish();
  let count = 0;
  let seen = 0;
  for await (const pieces of response.body) {
    count += pieces.length;
    for (const piece of pieces) {
      assert.deepEqual(piece, whole.subarray(seen, seen += piece.length));
    }
  }
  assert.equal(seen, whole.length);
  assert.ok(count < 30, `${count} pieces`);
});

Deno.test("a piece that was handed on does not change", async () => {
  const { response, feed } = responseOf();
  const body = response.body[Symbol.asyncIterator]();
  const taken: Uint8Array[] = [];
  for (const byte of [1, 2, 3]) {
    feed(Uint8Array.of(byte, byte));
    taken.push(...(await body.next()).value ?? []);
  }
  assert.deepEqual(taken.map((piece) => [...piece]), [[1, 1], [2, 2], [3, 3]]);
  response.finish();
  assert.ok((await body.next()).done);
});
