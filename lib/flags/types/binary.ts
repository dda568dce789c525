/** Bytes: standard base64 as text, the bytes themselves as a file. */

import { decodeBase64, encodeBase64 } from "#lib/format/base64.ts";
import { ParseFailure } from "../errors.ts";
import type { FlagType } from "./flag_type.ts";

/** `binary`. CR and LF inside the text are skipped; stray bits at the end are, too. */
export const binaryType: FlagType<Uint8Array> = {
  name: "binary",
  parse(text) {
    const dense = text.replace(/[\r\n]/g, "");
    // No repeated groups: those need a stack as long as the text.
    if (dense.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(dense)) {
      return decodeBase64(clearStrayBits(dense));
    }
    throw new ParseFailure(`illegal base64 data at input byte ${faultAt(text)}`);
  },
  format: encodeBase64,
  toJson: encodeBase64,
  protect: (value) => value.slice(),
  fromBytes: (bytes) => bytes.slice(),
};

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The last group may carry bits that stand for nothing; strict decoders refuse them. */
function clearStrayBits(dense: string): string {
  const padding = /=*$/.exec(dense)?.[0].length ?? 0;
  if (padding === 0) return dense;
  const at = dense.length - padding - 1;
  const step = padding === 2 ? 16 : 4;
  const value = ALPHABET.indexOf(dense.charAt(at));
  return dense.slice(0, at) + ALPHABET.charAt(value - value % step) + "=".repeat(padding);
}

/** Where Go's decoder gives up, in bytes (flags-watch, section 3). */
function faultAt(text: string): number {
  const bytes = new TextEncoder().encode(text);
  const isSkipped = (at: number) => bytes[at] === 0x0a || bytes[at] === 0x0d;
  let inGroup = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (isSkipped(at)) continue;
    const char = String.fromCharCode(bytes[at] ?? 0);
    if (char !== "=") {
      if (!ALPHABET.includes(char)) return at;
      inGroup = (inGroup + 1) % 4;
      continue;
    }
    if (inGroup < 2) return at;
    let next = at + 1;
    while (next < bytes.length && isSkipped(next)) next += 1;
    if (inGroup === 3) return next;
    if (next === bytes.length) return bytes.length;
    if (bytes[next] !== 0x3d) return next - 1;
    next += 1;
    while (next < bytes.length && isSkipped(next)) next += 1;
    return next;
  }
  return bytes.length - inGroup;
}
