/** The real clock with a count of its pending timers: what leaks shows as a number that grows. */

import { type Clock, systemClock } from "#lib/run/clock.ts";

/** A `Clock` that knows how many of its timers are pending. */
export class CountingClock implements Clock {
  #pending = 0;

  /** Timers neither fired nor cancelled. */
  get pending(): number {
    return this.#pending;
  }

  now(): number {
    return systemClock.now();
  }

  monotonic(): number {
    return systemClock.monotonic();
  }

  timer: Clock["timer"] = (callback, delayMs, options) => {
    let isPending = true;
    this.#pending += 1;
    const end = () => {
      if (isPending) this.#pending -= 1;
      isPending = false;
    };
    const timer = systemClock.timer(
      () => {
        end();
        callback();
      },
      delayMs,
      options,
    );
    return {
      cancel() {
        end();
        timer.cancel();
      },
    };
  };
}
