/**
 * Who may speak on the ring (serve-config.md 14.9): `Authorization: Kcfg-Ring TS:HEX`, HEX the HMAC-SHA256 of
 * method, target and TS under a shared secret. Two lines in the file are a rotation: the first one signs, both
 * verify.
 */

import type { Clock } from "#lib/run/clock.ts";
import { hmacKey, verifyHmac } from "../auth/hmac.ts";

/** How far clocks may be apart, in seconds. */
const MAX_SKEW_S = 60;
const SCHEME = "Kcfg-Ring ";

/** Signs and verifies requests. */
export interface PeerSecret {
  /** Value of the `Authorization` header. */
  sign(method: string, target: string): Promise<string>;
  /** Whether a header proves knowledge of the secret for this request, now. */
  verify(header: string | null, method: string, target: string): Promise<boolean>;
}

/** Makes it; `readSecrets` gives the non-empty lines of the file, as it is now. */
export function createPeerSecret(
  readSecrets: () => Promise<readonly string[]>,
  { clock }: { readonly clock: Clock },
): PeerSecret {
  return {
    async sign(method, target) {
      const [first] = await readSecrets();
      if (first === undefined) throw new Error("The file of the peer secret is empty");
      const seconds = String(Math.floor(clock.now() / 1000));
      const mac = await crypto.subtle.sign(
        "HMAC",
        await hmacKey(first, "sign"),
        textOf(method, target, seconds),
      );
      return `${SCHEME}${seconds}:${new Uint8Array(mac).toHex()}`;
    },
    async verify(header, method, target) {
      const [seconds = "", hex = ""] = header?.startsWith(SCHEME) === true
        ? header.slice(SCHEME.length).split(":")
        : [];
      if (!/^\d{1,12}$/.test(seconds)) return false;
      if (Math.abs(clock.now() / 1000 - Number(seconds)) > MAX_SKEW_S) return false;
      for (const secret of await readSecrets()) {
        if (await verifyHmac(secret, textOf(method, target, seconds), hex)) return true;
      }
      return false;
    },
  };
}

function textOf(method: string, target: string, seconds: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${method}\n${target}\n${seconds}`);
}
