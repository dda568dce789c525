/** Loads with manners: so many at once, each within its time. */

import type { Clock } from "#lib/run/clock.ts";
import type { LoadOutcome, LoadRequest, Upstream } from "./upstream.ts";

/** Bounds of a loader. */
export interface LoaderOptions {
  /** 0 for no limit. */
  readonly timeoutMs: number;
  readonly maxConcurrent: number;
}

/** Makes the function that loads from `upstream` within the bounds. */
export function createLoader(
  upstream: Upstream,
  { timeoutMs, maxConcurrent }: LoaderOptions,
  { clock }: { readonly clock: Clock },
): (key: string, signal: AbortSignal, request?: LoadRequest) => Promise<LoadOutcome> {
  const queue: (() => void)[] = [];
  let running = 0;

  async function acquire(signal: AbortSignal): Promise<void> {
    if (running >= maxConcurrent) {
      const turn = Promise.withResolvers<void>();
      const leave = () => {
        const place = queue.indexOf(turn.resolve);
        if (place < 0) return;
        queue.splice(place, 1);
        turn.reject(signal.reason);
      };
      queue.push(turn.resolve);
      signal.addEventListener("abort", leave, { once: true });
      await turn.promise;
      signal.removeEventListener("abort", leave);
      return;
    }
    running += 1;
  }

  /** Hands the place over, so that nobody can take it from the one who waited. */
  function release(): void {
    const next = queue.shift();
    if (next === undefined) running -= 1;
    else next();
  }

  return async (key, signal, request) => {
    const limit = withTimeout(signal, { timeoutMs, clock });
    try {
      await acquire(limit.signal);
      try {
        return await upstream.load(key, limit.signal, request);
      } finally {
        release();
      }
    } catch (error) {
      if (!limit.timedOut()) throw error;
      return { kind: "failed", status: 0, reason: `No answer within ${timeoutMs} ms` };
    } finally {
      limit.cancel();
    }
  };
}

function withTimeout(
  signal: AbortSignal,
  { timeoutMs, clock }: { readonly timeoutMs: number; readonly clock: Clock },
) {
  const timeout = new AbortController();
  const timer = timeoutMs === 0 ? undefined : clock.timer(() => {
    timeout.abort(new DOMException(`No answer within ${timeoutMs} ms`, "TimeoutError"));
  }, timeoutMs);
  return {
    signal: AbortSignal.any([signal, timeout.signal]),
    timedOut: () => timeout.signal.aborted,
    cancel: () => timer?.cancel(),
  };
}
