/** Bodies with a bound. */

import { joinBytes } from "#lib/collections/join_bytes.ts";

/** The whole body, or `undefined` as soon as it is larger than `limit` bytes; the rest is not read. */
export async function readBody(
  { body }: Pick<Request, "body">,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    // Leaving the loop cancels the body.
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  return joinBytes(chunks);
}
