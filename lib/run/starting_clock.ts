/**
 * The clock of a process that starts. The first `setTimeout` makes the runtime load modules that cost a quarter of
 * an empty program's start, so a timer that is due later than the start takes is set after it.
 */

import type { Clock, Timer } from "./clock.ts";

/** When the start counts as over, in milliseconds; a timer due earlier is set at once. */
export const START_MS = 250;

/** A timer that is not set yet. */
interface Waiting {
  /** Due time on the monotonic clock. */
  readonly dueMs: number;
  set(delayMs: number): void;
}

/**
 * Makes the clock. Timers keep their due times; one that waits keeps the process alive until it is set.
 *
 * @param clock the one that sets the timers
 * @param afterStart calls back once when the start is over; by default a signal's timeout, which needs no timer
 */
export function startingClock(
  clock: Clock,
  afterStart: (callback: () => void) => void = afterSignalTimeout,
): Clock {
  const waiting = new Set<Waiting>();
  let isOver = false;

  function endStart(): void {
    isOver = true;
    const nowMs = clock.monotonic();
    for (const timer of waiting) timer.set(Math.max(timer.dueMs - nowMs, 0));
    waiting.clear();
  }

  function later(
    callback: () => void,
    delayMs: number,
    options: { readonly unref?: boolean } | undefined,
  ): Timer {
    let timer: Timer | undefined;
    const own: Waiting = {
      dueMs: clock.monotonic() + delayMs,
      set: (restMs) => timer = clock.timer(callback, restMs, options),
    };
    if (waiting.size === 0) afterStart(endStart);
    waiting.add(own);
    return {
      cancel() {
        waiting.delete(own);
        timer?.cancel();
      },
    };
  }

  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    timer(callback, delayMs, options) {
      if (!isOver && delayMs > START_MS) return later(callback, delayMs, options);
      return clock.timer(callback, delayMs, options);
    },
  };
}

function afterSignalTimeout(callback: () => void): void {
  AbortSignal.timeout(START_MS).addEventListener("abort", callback, { once: true });
}
