/** Repeated errors in the log: each at most once a minute (reload.md 13). */

import type { Clock } from "#lib/run/clock.ts";

const MINUTE_MS = 60_000;
const MAX_KNOWN = 100;

/** Whether a text was not said within the last minute; asking counts as saying. */
export function createSeldom(clock: Clock): (text: string) => boolean {
  const saidMs = new Map<string, number>();
  return (text) => {
    const now = clock.monotonic();
    const before = saidMs.get(text);
    if (before !== undefined && now - before < MINUTE_MS) return false;
    // Texts that name changing things must not pile up.
    if (saidMs.size >= MAX_KNOWN) saidMs.clear();
    saidMs.set(text, now);
    return true;
  };
}
