/**
 * Follows the certificate files of the listener (serve-config.md 14.9): they are mounted and renewed while the
 * server runs. Looked at again and again, because a renewal moves links that a watch may not see.
 */

import type { Logger } from "#lib/log/logger.ts";
import { sleep } from "#lib/run/clock.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { TlsMaterial } from "./access.ts";

/** What following needs. */
export interface RenewalDeps {
  /** Reads all files. */
  read(): Promise<TlsMaterial>;
  /** Takes what was read into use, or rejects and stays with what it had. */
  renew(material: TlsMaterial): Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How often the files are looked at. */
export const RENEWAL_CHECK_MS = 10_000;

/** Follows the files until `signal` is aborted; `material` is in use already. */
export async function followTls(
  material: TlsMaterial,
  { read, renew, clock, log }: RenewalDeps,
  signal: AbortSignal,
): Promise<void> {
  let seen = JSON.stringify(material);
  let isTold = false;
  while (!signal.aborted) {
    await sleep(RENEWAL_CHECK_MS, { clock, signal }).catch(() => {
      // Stopping; the loop ends.
    });
    if (signal.aborted) return;
    try {
      const next = await read();
      isTold = false;
      const text = JSON.stringify(next);
      if (text === seen) continue;
      seen = text;
      await renew(next);
      log.info("certificate renewed");
    } catch (err) {
      // Half of a renewal is told once; the other half is another content.
      if (!isTold) log.error("renewed certificate cannot be used, the old one stays", { err });
      isTold = true;
    }
  }
}
