/** Bodies with a bound. */

import { joinBytes } from "#lib/collections/join_bytes.ts";

/**
 * The whole body, or `undefined` as soon as it is larger than `limit` bytes; the rest is not read.
 *
 * @throws the reason of `signal` when it is aborted before the end
 */
export async function readBody(
  { body }: Pick<Request, "body">,
  limit: number,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of within(body, signal)) {
    length += chunk.length;
    // Leaving the loop cancels the body.
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  return joinBytes(chunks);
}

function within(
  body: Request["body"],
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  const stream = body ?? new ReadableStream<Uint8Array>({ start: (it) => it.close() });
  return signal === undefined ? stream : stream.pipeThrough(new TransformStream(), { signal });
}
