/** Waiting for something that may take too long, without giving it up. */

import { type Clock, sleep } from "./clock.ts";

/** Resolves when `work` ended, or after `ms`; `work` goes on. It must not reject. */
export async function atMost(
  ms: number,
  work: Promise<void>,
  { clock }: { readonly clock: Clock },
): Promise<void> {
  const done = new AbortController();
  const late = sleep(ms, { clock, signal: done.signal }).catch(() => {
    // It ended in time.
  });
  await Promise.race([work, late]);
  done.abort();
}
