/** Keyed hashes of the platform. */

/** Never given out again. */
const EXTRACTABLE = false;

/** A key for HMAC-SHA256. */
export function hmacKey(secret: string, usage: "sign" | "verify"): Promise<CryptoKey> {
  return crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    EXTRACTABLE,
    [usage],
  );
}

/** Whether `hex` is the HMAC-SHA256 of `bytes` under `secret`; compares in constant time. */
export async function verifyHmac(
  secret: string,
  bytes: Uint8Array<ArrayBuffer>,
  hex: string,
): Promise<boolean> {
  if (!/^[0-9a-f]{64}$/i.test(hex)) return false;
  const key = await hmacKey(secret, "verify");
  return await crypto.subtle.verify("HMAC", key, Uint8Array.fromHex(hex), bytes);
}

/** Whether two texts are equal, in a time that says nothing about where they differ. */
export async function equalTexts(one: string, other: string): Promise<boolean> {
  const encode = (text: string) => new TextEncoder().encode(text);
  // Under a random key nobody can aim at a partial match.
  const key = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, EXTRACTABLE, [
    "sign",
    "verify",
  ]);
  const mac = await crypto.subtle.sign("HMAC", key, encode(one));
  return await crypto.subtle.verify("HMAC", key, mac, encode(other));
}
