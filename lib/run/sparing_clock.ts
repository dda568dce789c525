/**
 * The clock of a process that may have a few timers for days. The first `setTimeout` makes the runtime load modules
 * that cost a quarter of an empty program's start and 4 MiB for as long as it runs; a signal's timeout needs none of
 * them. It cannot be called off, though, only not listened to, so there are a few of them and no more.
 */

import { type Clock, MAX_DELAY_MS, type Timer } from "./clock.ts";

/** Most timeouts of signals under way, those included that nobody listens to any more. */
export const MAX_SIGNALS = 32;

/**
 * Makes the clock. A timer that is not called off keeps the process alive, `unref` or not: it is for processes that
 * end by `exit`, as all commands do.
 *
 * @param clock sets the timers that are too many
 */
export function sparingClock(clock: Clock): Clock {
  /** When the timeouts under way are over, on the monotonic clock. */
  let dueMs: number[] = [];
  let nextDueMs = Infinity;

  function hasRoom(nowMs: number): boolean {
    if (dueMs.length < MAX_SIGNALS) return true;
    if (nowMs < nextDueMs) return false;
    dueMs = dueMs.filter((ms) => ms > nowMs);
    nextDueMs = Math.min(...dueMs);
    return dueMs.length < MAX_SIGNALS;
  }

  function onSignal(callback: () => void, delayMs: number): Timer {
    const signal = AbortSignal.timeout(delayMs);
    // Not the callback itself: the same one for two timers would be added once.
    const fire = () => callback();
    signal.addEventListener("abort", fire, { once: true });
    return { cancel: () => signal.removeEventListener("abort", fire) };
  }

  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    timer(callback, delayMs, options) {
      const nowMs = clock.monotonic();
      if (!hasRoom(nowMs)) return clock.timer(callback, delayMs, options);
      // What is no time is over at once, as with a timer.
      const wholeMs = delayMs > 0 ? Math.min(Math.ceil(delayMs), MAX_DELAY_MS) : 0;
      dueMs.push(nowMs + wholeMs);
      nextDueMs = Math.min(nextDueMs, nowMs + wholeMs);
      return onSignal(callback, wholeMs);
    },
  };
}
