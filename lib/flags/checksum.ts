/** The checksum of a set of flags: equal values, equal checksum, in every replica and every language. */

import { compareBytes } from "./text.ts";

const OFFSET = 2166136261;
const PRIME = 16777619;

/**
 * FNV-1a, 32 bit, over names and canonical texts in the order of the names' bytes, as eight hexadecimal digits
 * (flags-watch, 7.3).
 */
export function checksumOf(flags: Iterable<readonly [name: string, text: string]>): string {
  const encoder = new TextEncoder();
  let sum = OFFSET;
  for (const [name, text] of [...flags].sort(([a], [b]) => compareBytes(a, b))) {
    // Apart, as the reference encodes them: two halves of a surrogate pair do not meet.
    for (const bytes of [encoder.encode(name), encoder.encode(text)]) {
      for (const byte of bytes) sum = Math.imul(sum ^ byte, PRIME);
    }
  }
  return (sum >>> 0).toString(16).padStart(8, "0");
}
