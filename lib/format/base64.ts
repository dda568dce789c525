/**
 * Standard base64 with padding, both ways. The runtime's own coder where it has one (Deno, Node ≥ 25), else
 * `atob` and `btoa`, which every runtime has.
 */

// Longer argument lists overflow the stack of some engines.
const CHUNK = 0x8000;

interface NativeCoder {
  toBase64?(): string;
}

interface NativeDecoder {
  fromBase64?(text: string, options: { lastChunkHandling: "strict" }): Uint8Array<ArrayBuffer>;
}

/** Encodes with padding, in one line. */
export function encodeBase64(bytes: Uint8Array): string {
  const native = bytes as NativeCoder;
  return native.toBase64?.() ?? encodePortably(bytes);
}

/**
 * Decodes; white space is skipped, padding is required.
 *
 * @throws {SyntaxError} when `text` is not base64
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const native: NativeDecoder = Uint8Array;
  try {
    return native.fromBase64?.(text, { lastChunkHandling: "strict" }) ?? decodePortably(text);
  } catch (err) {
    throw new SyntaxError("Cannot decode base64: bad character, length or padding", { cause: err });
  }
}

/** `encodeBase64` for runtimes without a coder of their own. */
export function encodePortably(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return btoa(binary);
}

/** `decodeBase64` for runtimes without a decoder of their own. */
export function decodePortably(text: string): Uint8Array<ArrayBuffer> {
  const dense = text.replace(/[ \t\n\f\r]/g, "");
  // `atob` alone would take a text without padding.
  if (dense.length % 4 !== 0) throw new SyntaxError("Base64 without padding");
  const bytes = Uint8Array.from(atob(dense), (char) => char.charCodeAt(0));
  if (encodePortably(bytes) !== dense) throw new SyntaxError("Base64 with stray bits at its end");
  return bytes;
}
