/**
 * One load per key at a time: whoever asks while it runs shares it. A flight belongs to nobody; it ends
 * early only when everyone who waits for it has gone.
 */

/** Starts the work of a flight; `signal` aborts when nobody waits any more. */
export type FlightLoader<V> = (signal: AbortSignal) => Promise<V>;

interface Flight<V> {
  readonly result: Promise<V>;
  readonly controller: AbortController;
  waiters: number;
}

/** Coalesces concurrent work by key. Nothing is kept once a flight has landed. */
export class SingleFlight<K, V> {
  readonly #flights = new Map<K, Flight<V>>();

  /** Keys in flight; forgotten ones do not count. */
  get size(): number {
    return this.#flights.size;
  }

  /** Keys in flight; forgotten ones are not among them. */
  keys(): Iterable<K> {
    return this.#flights.keys();
  }

  /** Whether a call for `key` would share a running flight. */
  has(key: K): boolean {
    return this.#flights.has(key);
  }

  /**
   * Joins the flight of `key`, or starts one with `load`. Everyone gets the same value or the same error.
   *
   * @throws the reason of `signal` as soon as it is aborted; others go on waiting
   */
  run(
    key: K,
    load: FlightLoader<V>,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<V> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const flight = this.#flights.get(key) ?? this.#start(key, load);
    flight.waiters += 1;
    if (signal === undefined) return flight.result;
    const { promise, resolve, reject } = withResolvers<V>();
    const onAbort = () => {
      flight.waiters -= 1;
      if (flight.waiters === 0) {
        this.#remove(key, flight);
        flight.controller.abort(signal.reason);
      }
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    flight.result.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
    return promise;
  }

  /** Lets later callers start anew; those who wait already get the result of the old flight. */
  forget(key: K): void {
    this.#flights.delete(key);
  }

  #start(key: K, load: FlightLoader<V>): Flight<V> {
    const controller = new AbortController();
    // Inside the executor a loader that throws at once rejects like one that fails later.
    const result = new Promise<V>((resolve) => resolve(load(controller.signal)));
    const flight = { result, controller, waiters: 0 };
    this.#flights.set(key, flight);
    const remove = () => this.#remove(key, flight);
    // This branch also takes the error of a flight that nobody waits for any more.
    result.then(remove, remove);
    return flight;
  }

  #remove(key: K, flight: Flight<V>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}

/** `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers<V>(): {
  promise: Promise<V>;
  resolve: (value: V) => void;
  reject: (reason: unknown) => void;
} {
  let resolve: (value: V) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<V>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
