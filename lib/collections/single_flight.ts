/**
 * One load for many askers. A flight belongs to nobody: it goes on when the asker that began it leaves, and
 * is cancelled only when nobody waits any more.
 */

/** What a flight's work gets: a signal that is aborted when nobody waits any more. */
export type FlightWork<T> = (signal: AbortSignal) => Promise<T>;

interface Flight<T> {
  readonly result: Promise<T>;
  readonly abort: AbortController;
  waiters: number;
}

/** Coalesces concurrent work by key. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /** Flights that a further asker would join. */
  get size(): number {
    return this.#flights.size;
  }

  /** Keys of those flights. */
  keys(): Iterable<string> {
    return this.#flights.keys();
  }

  /** Whether a call of `run` for `key` would join a flight. */
  has(key: string): boolean {
    return this.#flights.has(key);
  }

  /**
   * Joins the flight of `key`, or begins one with `work`. All askers share its result or its error.
   *
   * @throws the reason of `signal` when this asker gives up; the others go on waiting
   */
  run(key: string, work: FlightWork<T>, signal?: AbortSignal): Promise<T> {
    const flight = this.#flights.get(key) ?? this.#begin(key, work);
    flight.waiters += 1;
    return signal === undefined ? flight.result : this.#wait(key, { flight, signal });
  }

  /** Later askers of `key` begin a new flight; those who wait keep waiting for theirs. */
  forget(key: string): void {
    this.#flights.delete(key);
  }

  #begin(key: string, work: FlightWork<T>): Flight<T> {
    const abort = new AbortController();
    // A synchronous throw of `work` must fail the flight, not the bookkeeping.
    const result = Promise.resolve().then(() => work(abort.signal)).finally(() => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    result.catch(() => {
      // Without waiters left nobody looks at a late failure.
    });
    const flight: Flight<T> = { result, abort, waiters: 0 };
    this.#flights.set(key, flight);
    return flight;
  }

  #wait(
    key: string,
    { flight, signal }: { readonly flight: Flight<T>; readonly signal: AbortSignal },
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const leave = () => {
      flight.waiters -= 1;
      if (flight.waiters === 0) {
        // Whoever asks now must not join a load that is being cancelled.
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
        flight.abort.abort(signal.reason);
      }
      reject(signal.reason);
    };
    if (signal.aborted) {
      leave();
      return promise;
    }
    signal.addEventListener("abort", leave, { once: true });
    flight.result.then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", leave));
    return promise;
  }
}
