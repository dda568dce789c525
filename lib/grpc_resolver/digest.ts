/** A short text for all that is known, so that two states can be compared without keeping either as text. */

import type { AddressList } from "./resolution.ts";

const FNV_PRIME = 16_777_619;
const FNV_START = 2_166_136_261;
const OTHER_PRIME = 2_246_822_519;

/** Differs when anything in the list does; 64 bits of it and the length, which is enough between neighbours. */
export function digestOf(list: AddressList): string {
  const { endpoints, usable: _, ...rest } = list;
  let [a, b, length] = [FNV_START, 0, 0];
  const add = (part: unknown) => {
    const text = JSON.stringify(part) ?? "";
    length += text.length;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      a = Math.imul(a ^ code, FNV_PRIME);
      b = Math.imul(b + code, OTHER_PRIME) ^ (b >>> 15);
    }
  };
  // Piece by piece: the text of a thousand endpoints at once would be a megabyte.
  for (const endpoint of endpoints) add(endpoint);
  add(rest);
  return `${a >>> 0} ${b >>> 0} ${length}`;
}
