/** Who follows the updates of a set. One that throws must not keep the others from hearing. */

import type { FlagUpdate } from "./flag_set_contract.ts";

/** The listeners of one set. */
export class UpdateListeners {
  readonly #listeners = new Set<(update: FlagUpdate) => void>();
  readonly #onError: (err: unknown) => void;
  #errors = 0;

  /** @param onError told of what listeners throw; it is counted in any case */
  constructor(onError: (err: unknown) => void) {
    this.#onError = onError;
  }

  /** Errors so far. */
  get errors(): number {
    return this.#errors;
  }

  /** Adds one; the returned function removes it. */
  add(listener: (update: FlagUpdate) => void): () => void {
    // A function of its own, so that one listener can be added twice.
    const own = (update: FlagUpdate) => listener(update);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Tells all of them. */
  tell(update: FlagUpdate): void {
    for (const listener of [...this.#listeners]) {
      // One before it may have taken it away.
      if (!this.#listeners.has(listener)) continue;
      try {
        listener(update);
      } catch (err) {
        this.report(err);
      }
    }
  }

  /** Counts an error of a listener, of the set or of a single value. */
  report(err: unknown): void {
    this.#errors += 1;
    this.#onError(err);
  }
}
