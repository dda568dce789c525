/**
 * How long to wait before the next try: exponential, capped, jittered. Only the arithmetic; the waiting
 * belongs to `clock.ts`.
 */

/** Shape of a backoff; all times in milliseconds. */
export interface BackoffOptions {
  /** First delay. */
  readonly initialMs: number;
  /** Greatest delay before jitter. */
  readonly maxMs: number;
  /** Growth per step, 2 by default. */
  readonly factor?: number;
  /** Share of the delay that is random in both directions, 0.2 (±20 %) by default. */
  readonly jitter?: number;
  /** Source of randomness in [0, 1), `Math.random` by default. */
  readonly random?: () => number;
}

/** Counts failures and turns them into delays. */
export class Backoff {
  readonly #options: Required<BackoffOptions>;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = { factor: 2, jitter: 0.2, random: Math.random, ...options };
  }

  /** Failures since the last `reset`. */
  get failures(): number {
    return this.#failures;
  }

  /** Records a failure and returns the delay before the next try, in milliseconds. */
  next(): number {
    const { initialMs, maxMs, factor, jitter, random } = this.#options;
    const base = Math.min(maxMs, initialMs * factor ** this.#failures);
    this.#failures += 1;
    return base * (1 + jitter * (2 * random() - 1));
  }

  /** Forgets all failures; call it after a success. */
  reset(): void {
    this.#failures = 0;
  }
}
