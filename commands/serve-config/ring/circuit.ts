/**
 * Memory of a peer's failures (serve-config.md 6.5): after three in a row it is left alone for a second, then
 * longer and longer, and its keys are loaded here at once.
 */

import type { Clock } from "#lib/run/clock.ts";

const FAILURES_TO_OPEN = 3;
const FIRST_OPEN_MS = 1000;
const LAST_OPEN_MS = 60_000;

/** One per peer. */
export class Circuit {
  readonly #clock: Clock;
  #failures = 0;
  #openUntil = -Infinity;

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  /** Whether the peer is not to be asked now. */
  get isOpen(): boolean {
    return this.#clock.monotonic() < this.#openUntil;
  }

  /** The peer answered, whatever it said. */
  succeeded(): void {
    this.#failures = 0;
    this.#openUntil = -Infinity;
  }

  /** The peer could not be reached or did not answer in time. */
  failed(): void {
    // Requests that were under way when it opened say nothing new.
    if (this.isOpen) return;
    this.#failures += 1;
    const openings = this.#failures - FAILURES_TO_OPEN;
    if (openings < 0) return;
    this.#openUntil = this.#clock.monotonic() +
      Math.min(LAST_OPEN_MS, FIRST_OPEN_MS * 2 ** openings);
  }
}
