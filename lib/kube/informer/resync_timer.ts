/** Says at about regular times that an informer is to compare its store with the server. */

import type { Clock, Timer } from "#lib/run/clock.ts";

/** What it needs. */
export interface ResyncDeps {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly onDue: () => void;
}

/** Runs from its making until `stop`; each time is up to a tenth shorter or longer, so that replicas spread. */
export class ResyncTimer {
  readonly #everyMs: number;
  readonly #deps: ResyncDeps;
  #timer: Timer | undefined;

  /** @param everyMs 0 for never */
  constructor(everyMs: number, deps: ResyncDeps) {
    this.#everyMs = everyMs;
    this.#deps = deps;
    if (everyMs > 0) this.#schedule();
  }

  /** No more of them. */
  stop(): void {
    this.#timer?.cancel();
  }

  #schedule(): void {
    const { clock, random, onDue } = this.#deps;
    const delayMs = this.#everyMs * (0.9 + 0.2 * random());
    const due = () => {
      this.#schedule();
      onDue();
    };
    this.#timer = clock.timer(due, delayMs, { unref: true });
  }
}
