/** Decompresses a whole body, with a bound on what comes out. */

import { TransportError } from "../errors.ts";

/**
 * The decompressed bytes.
 *
 * @throws {TransportError} `protocol` when the input is not gzip or gives more than `maxBytes`
 */
export async function gunzip(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  // Not a web stream, which takes twice as long for the bodies of lists.
  const zlib = await import("node:zlib");
  return await new Promise((resolve, reject) => {
    zlib.gunzip(bytes, { maxOutputLength: maxBytes }, (cause, output) => {
      if (cause === null) return resolve(output);
      const message = `Cannot decompress the response body: ${cause.message}`;
      reject(new TransportError("protocol", message, { cause, headersSeen: true }));
    });
  });
}
