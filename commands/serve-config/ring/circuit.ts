/**
 * Memory of a peer's failures (serve-config.md 6.5): after three in a row, or one silence that was looked into,
 * it is left alone for a second, then longer and longer, and its keys are loaded here at once. Whether it is back
 * is found out beside the requests (`liveness.ts`): none of them waits for a peer that was gone before.
 */

import type { Clock } from "#lib/run/clock.ts";

const FAILURES_TO_OPEN = 3;
const FIRST_OPEN_MS = 1000;
const LAST_OPEN_MS = 60_000;

/** One per peer. */
export class Circuit {
  readonly #clock: Clock;
  #failures = 0;
  /** When an open circuit may be tried again; `undefined` while it is closed. */
  #retryAt: number | undefined;

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  /** Whether the peer is not to be asked for objects; ends with its next answer. */
  get isOpen(): boolean {
    return this.#retryAt !== undefined;
  }

  /** Whether it was left alone long enough to see if it is back. */
  get isDue(): boolean {
    return this.#retryAt !== undefined && this.#clock.monotonic() >= this.#retryAt;
  }

  /** The peer answered, whatever it said. */
  succeeded(): void {
    this.#failures = 0;
    this.#retryAt = undefined;
  }

  /** The peer could not be reached or did not answer in time. */
  failed(): void {
    // Requests that were under way when it opened say nothing new.
    if (this.isOpen && !this.isDue) return;
    this.#failures += 1;
    const openings = this.#failures - FAILURES_TO_OPEN;
    if (openings < 0) return;
    const openMs = Math.min(LAST_OPEN_MS, FIRST_OPEN_MS * 2 ** openings);
    this.#retryAt = this.#clock.monotonic() + openMs;
  }

  /** The peer did not even say that it is there: as good as three failures. */
  silent(): void {
    if (!this.isOpen) this.#failures = Math.max(this.#failures, FAILURES_TO_OPEN - 1);
    this.failed();
  }
}
