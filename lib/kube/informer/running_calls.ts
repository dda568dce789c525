/** Calls of a handler that run at once: never two for one key, in order for each. */

/** The calls of one handler. */
export class RunningCalls {
  readonly #limit: number;
  readonly #running = new Map<string, Promise<void>>();

  /** @param limit calls at once; with 1 each is awaited before the next */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * What has to end before the next call: the call of the same key, any call when there are `limit`, all of them
   * for an event without a key. `undefined` when nothing has to.
   */
  before(key: string | undefined): Promise<unknown> | undefined {
    if (this.#running.size === 0) return undefined;
    if (key === undefined) return Promise.all(this.#running.values());
    const same = this.#running.get(key);
    if (same !== undefined) return same;
    return this.#running.size < this.#limit ? undefined : Promise.race(this.#running.values());
  }

  /** Takes up a call, which must not reject. */
  add(key: string, call: Promise<void>): void {
    this.#running.set(key, call.then(() => void this.#running.delete(key)));
  }
}
