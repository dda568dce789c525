/** Telling of changes in their order, although whoever is told of one may make further ones. */

/** Changes made while one is told; more is a loop. */
const MAX_NESTED = 1000;

/** What a queue calls. */
export interface TellingOptions<T> {
  /** Tells of one change; it should not throw, because nobody is told of the rest then. */
  readonly tell: (change: T) => void;
  /** Told that the rest of a turn was dropped, because it had no end. */
  readonly onLoop: (nested: number) => void;
}

/** Changes on their way to those who are told at once. */
export class Telling<T> {
  readonly #options: TellingOptions<T>;
  /** Changes that nobody was told of yet; absent while nobody is being told. */
  #untold: T[] | undefined;

  constructor(options: TellingOptions<T>) {
    this.#options = options;
  }

  /** Tells of `change` now, or after the one being told: whoever follows ends with what is in force. */
  add(change: T): void {
    if (this.#untold !== undefined) {
      this.#untold.push(change);
      return;
    }
    const untold = this.#untold = [change];
    let told = 0;
    try {
      for (const next of untold) {
        if (told > MAX_NESTED) break;
        told += 1;
        this.#options.tell(next);
      }
    } finally {
      this.#untold = undefined;
    }
    if (untold.length > told) this.#options.onLoop(MAX_NESTED);
  }
}
