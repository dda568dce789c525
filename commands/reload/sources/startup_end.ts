/** How long a start waits for its first state (reload.md 2.3, `--startup-timeout`). */

import { type Clock, sleep } from "#lib/run/clock.ts";

/**
 * Resolves when the time is over, for 0 never.
 *
 * @throws the signal's reason as soon as `signal` is aborted
 */
export async function startupEnd(
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
