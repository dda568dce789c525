/**
 * Content type of bytes without a name, by the table clients of the replaced configuration server have always
 * seen (serve-config 3.5, the WHATWG sniffing table as Go has it). First match wins, in the order of the table.
 */

const SNIFF_BYTES = 512;

type Matcher = (bytes: Uint8Array) => boolean;

const HTML_TAGS = [
  ..."<!DOCTYPE HTML|<HTML|<HEAD|<SCRIPT|<IFRAME|<H1|<DIV|<FONT|<TABLE|<A|<STYLE|<TITLE|<B|<BODY|<BR|<P|<!--"
    .split("|"),
];

const RULES: readonly (readonly [type: string, matches: Matcher])[] = [
  ["text/html; charset=utf-8", (bytes) => HTML_TAGS.some((tag) => isTag(bytes, tag))],
  ["text/xml; charset=utf-8", (bytes) => starts(skipBlanks(bytes), "<?xml")],
  ["application/pdf", prefix("%PDF-")],
  ["application/postscript", prefix("%!PS-Adobe-")],
  ["text/plain; charset=utf-16be", (bytes) => bytes.length >= 4 && starts(bytes, "\xfe\xff")],
  ["text/plain; charset=utf-16le", (bytes) => bytes.length >= 4 && starts(bytes, "\xff\xfe")],
  ["text/plain; charset=utf-8", (bytes) => bytes.length >= 4 && starts(bytes, "\xef\xbb\xbf")],
  ["image/x-icon", prefix("\0\0\x01\0")],
  ["image/x-icon", prefix("\0\0\x02\0")],
  ["image/bmp", prefix("BM")],
  ["image/gif", prefix("GIF87a")],
  ["image/gif", prefix("GIF89a")],
  ["image/webp", container("RIFF", "WEBPVP")],
  ["image/png", prefix("\x89PNG\r\n\x1a\n")],
  ["image/jpeg", prefix("\xff\xd8\xff")],
  ["audio/aiff", container("FORM", "AIFF")],
  ["audio/mpeg", prefix("ID3")],
  ["application/ogg", prefix("OggS\0")],
  ["audio/midi", prefix("MThd\0\0\0\x06")],
  ["video/avi", container("RIFF", "AVI ")],
  ["audio/wave", container("RIFF", "WAVE")],
  ["video/mp4", isMp4],
  ["video/webm", prefix("\x1a\x45\xdf\xa3")],
  ["application/vnd.ms-fontobject", (bytes) => starts(bytes.subarray(34), "LP")],
  ["font/ttf", prefix("\0\x01\0\0")],
  ["font/otf", prefix("OTTO")],
  ["font/collection", prefix("ttcf")],
  ["font/woff", prefix("wOFF")],
  ["font/woff2", prefix("wOF2")],
  ["application/x-gzip", prefix("\x1f\x8b\x08")],
  ["application/zip", prefix("PK\x03\x04")],
  ["application/x-rar-compressed", prefix("Rar!\x1a\x07\0")],
  ["application/x-rar-compressed", prefix("Rar!\x1a\x07\x01\0")],
  ["application/wasm", prefix("\0asm")],
  ["text/plain; charset=utf-8", (bytes) => !skipBlanks(bytes).some(isBinary)],
];

/** The content type of `bytes`, of which only the first 512 matter; `application/octet-stream` if unknown. */
export function sniffContentType(bytes: Uint8Array): string {
  const head = bytes.subarray(0, SNIFF_BYTES);
  return RULES.find(([, matches]) => matches(head))?.[0] ?? "application/octet-stream";
}

/** Whether the bytes begin with the characters of `signature`, one byte each. */
function starts(bytes: Uint8Array, signature: string): boolean {
  if (bytes.length < signature.length) return false;
  for (let at = 0; at < signature.length; at++) {
    if (bytes[at] !== signature.charCodeAt(at)) return false;
  }
  return true;
}

function prefix(signature: string): Matcher {
  return (bytes) => starts(bytes, signature);
}

/** Four letters, four bytes of length, then the kind. */
function container(outer: string, kind: string): Matcher {
  return (bytes) => starts(bytes, outer) && starts(bytes.subarray(8), kind);
}

/** Whether a tag stands behind leading blanks, in any case, with a space or `>` behind it. */
function isTag(bytes: Uint8Array, tag: string): boolean {
  const text = skipBlanks(bytes).subarray(0, tag.length + 1);
  if (text.length <= tag.length) return false;
  const end = text[tag.length];
  if (end !== 0x20 && end !== 0x3e) return false;
  return String.fromCharCode(...text.subarray(0, tag.length)).toUpperCase() === tag;
}

function isMp4(bytes: Uint8Array): boolean {
  if (bytes.length < 12) return false;
  const boxSize = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (boxSize % 4 !== 0 || boxSize > bytes.length || !starts(bytes.subarray(4), "ftyp")) {
    return false;
  }
  for (let at = 8; at < boxSize; at += 4) {
    // Bytes 12 to 15 are the version number of the brand.
    if (at !== 12 && starts(bytes.subarray(at), "mp4")) return true;
  }
  return false;
}

function skipBlanks(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => ![0x09, 0x0a, 0x0c, 0x0d, 0x20].includes(byte));
  return bytes.subarray(first < 0 ? bytes.length : first);
}

function isBinary(byte: number): boolean {
  return byte <= 0x08 || byte === 0x0b || byte >= 0x0e && byte <= 0x1a ||
    byte >= 0x1c && byte <= 0x1f;
}
