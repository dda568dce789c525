/** Hexadecimal text of bytes, lower case: digests and checksums. */

/** Two lower-case digits a byte. */
export function encodeHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/**
 * Bytes of hexadecimal text in either case.
 *
 * @throws {SyntaxError} on an odd length or anything but hexadecimal digits
 */
export function decodeHex(text: string): Uint8Array<ArrayBuffer> {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) {
    throw new SyntaxError("Cannot decode hexadecimal text: pairs of digits expected");
  }
  return Uint8Array.from(
    { length: text.length / 2 },
    (_, at) => Number.parseInt(text.slice(at * 2, at * 2 + 2), 16),
  );
}
