/** Bodies that are too large, or never end. */

import assert from "node:assert/strict";
import { readBody } from "./read_body.ts";

function streamOf(...chunks: string[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(chunks.map((chunk) => new TextEncoder().encode(chunk)));
}

Deno.test("readBody() gives the whole body, and nothing of one that is too large", async () => {
  const { signal } = new AbortController();
  for (const options of [{}, { signal }]) {
    const read = async (limit: number) => {
      const bytes = await readBody({ body: streamOf("ab", "cd") }, limit, options);
      return bytes && new TextDecoder().decode(bytes);
    };
    assert.equal(await read(4), "abcd");
    assert.equal(await read(3), undefined);
    assert.deepEqual(await readBody({ body: null }, 4, options), new Uint8Array());
  }
});

Deno.test("readBody() gives a body up when it is told to, and tells whoever sends it", async () => {
  const cancelled = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(new Uint8Array(1)),
    cancel: () => cancelled.resolve(),
  });
  const late = new AbortController();
  const reading = readBody({ body }, 10, { signal: late.signal });
  late.abort(new Error("too late"));
  await assert.rejects(reading, /too late/);
  await cancelled.promise;
});
