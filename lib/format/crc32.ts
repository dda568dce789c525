/** CRC-32 with the IEEE polynomial, as zip, gzip and Go's `crc32.ChecksumIEEE` compute it. */

const POLYNOMIAL = 0xedb88320;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? POLYNOMIAL : 0);
  return value;
});

/** The checksum of `bytes`, or of a string's UTF-8 form, as an unsigned 32-bit number. */
export function crc32(bytes: Uint8Array | string): number {
  let value = 0xffffffff;
  for (const byte of typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes) {
    value = (value >>> 8) ^ (TABLE[(value ^ byte) & 0xff] ?? 0);
  }
  return (value ^ 0xffffffff) >>> 0;
}
