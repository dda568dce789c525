/** Names for queues that nobody else has: 27 characters, sortable by time, as KSUIDs are. */

/** 13 May 2014: seconds since then fit into 32 bits for a century. */
const EPOCH_S = 1_400_000_000;
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LENGTH = 27;

/** A fresh id; `random` gives 16 random bytes. */
export function uniqueId(
  nowMs: number,
  random: () => Uint8Array = () => crypto.getRandomValues(new Uint8Array(16)),
): string {
  let number = BigInt(Math.floor(nowMs / 1000) - EPOCH_S) & 0xffff_ffffn;
  for (const byte of random()) number = (number << 8n) | BigInt(byte);
  let text = "";
  for (let at = 0; at < LENGTH; at++) {
    text = DIGITS.charAt(Number(number % 62n)) + text;
    number /= 62n;
  }
  return text;
}
