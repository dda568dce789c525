/** gRPC's serializers must give Node's `Buffer`; the one place that makes one. */

import { Buffer } from "node:buffer";

/** The same bytes as a `Buffer`. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
