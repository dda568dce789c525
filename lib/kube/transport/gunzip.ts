/** Decompresses a whole body, with a bound on what comes out. */

import { joinBytes } from "#lib/collections/join_bytes.ts";
import { TransportError } from "../errors.ts";

// For bodies of lists a web stream takes twice as long as zlib, whose first use takes 35 ms and 5 MiB for good.
const MAX_LIGHT_BYTES = 128 * 1024;
/** Given to a web stream at once: what comes of it is in memory before it can be measured. */
const STEP_BYTES = 16 * 1024;

/**
 * The decompressed bytes.
 *
 * @throws {TransportError} `protocol` when the input is not gzip or gives more than `maxBytes`
 */
export async function gunzip(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  try {
    return await (bytes.length <= MAX_LIGHT_BYTES ? byStream : byZlib)(bytes, maxBytes);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const message = `Cannot decompress the response body: ${text}`;
    throw new TransportError("protocol", message, { cause, headersSeen: true });
  }
}

async function byStream(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  let at = 0;
  const source = new ReadableStream<BufferSource>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + STEP_BYTES));
      at += STEP_BYTES;
    },
  });
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of source.pipeThrough(new DecompressionStream("gzip"))) {
    length += piece.length;
    if (length > maxBytes) throw new RangeError(`it is longer than ${maxBytes} bytes`);
    pieces.push(piece);
  }
  return joinBytes(pieces);
}

async function byZlib(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const zlib = await import("node:zlib");
  return await new Promise((resolve, reject) => {
    zlib.gunzip(bytes, { maxOutputLength: maxBytes }, (cause, output) => {
      if (cause === null) resolve(output);
      else reject(cause);
    });
  });
}
