/** Delays between the attempts of one informer: doubling, spread over [1, 2), forgotten after two minutes. */

import type { Clock } from "#lib/run/clock.ts";

const FIRST_MS = 800;
const MAX_MS = 30_000;
const RESET_MS = 120_000;

/** Greatest delay of an informer that has been denied for long. */
export const DENIED_MAX_MS = 5 * 60_000;

/** Counts on by itself; there is no call for success. */
export class WatchBackoff {
  readonly #clock: Clock;
  readonly #random: () => number;
  #baseMs = FIRST_MS;
  #lastMs = -Infinity;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The next delay, in milliseconds. */
  next(maxMs: number = MAX_MS): number {
    const nowMs = this.#clock.monotonic();
    if (nowMs - this.#lastMs >= Math.max(RESET_MS, 2 * maxMs)) this.#baseMs = FIRST_MS;
    const delayMs = Math.min(maxMs, this.#baseMs * (1 + this.#random()));
    this.#baseMs = Math.min(this.#baseMs * 2, DENIED_MAX_MS);
    this.#lastMs = nowMs;
    return delayMs;
  }
}
