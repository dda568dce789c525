/** Decompresses a whole body, with a bound on what comes out. */

import { TransportError } from "../errors.ts";

/**
 * The decompressed bytes.
 *
 * @throws {TransportError} `protocol` when the input is not gzip or gives more than `maxBytes`
 */
export async function gunzip(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const input = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const output = input.pipeThrough(new DecompressionStream("gzip"));
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of output) {
      size += chunk.length;
      if (size > maxBytes) throw new RangeError(`it is longer than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (cause) {
    const state = cause instanceof Error ? cause.message : String(cause);
    throw new TransportError("protocol", `Cannot decompress the response body: ${state}`, {
      cause,
      headersSeen: true,
    });
  }
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
