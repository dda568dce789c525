/** How long a start waits for its first state (reload.md 2.3, `--startup-timeout`). */

import { type Clock, sleep } from "#lib/run/clock.ts";

/**
 * Waits for `work`, at most `timeoutMs`, for 0 for ever.
 *
 * @throws the signal's reason as soon as `signal` is aborted, and what `work` rejects with
 */
export async function withinStartup<T>(
  work: Promise<T>,
  timeoutMs: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<T | "timeout"> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  try {
    return await Promise.race([work, end(timeoutMs, { clock, signal: either })]);
  } finally {
    over.abort();
  }
}

async function end(
  timeoutMs: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<"timeout"> {
  if (timeoutMs > 0) {
    await sleep(timeoutMs, { clock, signal });
    return "timeout";
  }
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal.aborted) throw signal.reason;
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  return await promise;
}
