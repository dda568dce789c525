/** Who is told of a value's changes, and how: at once, queued, or as a stream. No error gets back to the setter. */

import { Telling } from "./telling.ts";

/** Told of a change, with both values. */
export type ChangeListener<T> = (oldValue: T, newValue: T) => void | Promise<void>;

/** One change of a value. */
export interface ValueChange<T> {
  /** The value before. */
  readonly old: T;
  /** The value now. */
  readonly new: T;
}

const MAX_WAITING = 1000;

/** The listeners of one value. */
export class ListenerQueue<T> {
  /** Where errors of listeners go; nowhere until the value is bound to a name. */
  report: (err: unknown) => void = () => undefined;

  readonly #sync = new Set<{ readonly call: ChangeListener<T> }>();
  readonly #queued = new Set<{ readonly call: ChangeListener<T> }>();
  #waiting: ValueChange<T>[] = [];
  #isRunning = false;
  readonly #telling = new Telling<ValueChange<T>>({
    tell: (change) => this.#tellSync(change),
    onLoop: (nested) =>
      this.report(new Error(`Listeners changed their own value ${nested} times in a turn`)),
  });

  /** Adds a listener; the returned function or the signal takes it away. */
  add(
    call: ChangeListener<T>,
    { sync = false, signal }: { readonly sync?: boolean; readonly signal?: AbortSignal } = {},
  ): () => void {
    if (signal?.aborted) return () => undefined;
    const listeners = sync ? this.#sync : this.#queued;
    // An entry of its own, so that one function can be added twice.
    const entry = { call };
    const remove = () => {
      listeners.delete(entry);
      signal?.removeEventListener("abort", remove);
    };
    listeners.add(entry);
    signal?.addEventListener("abort", remove, { once: true });
    return remove;
  }

  /**
   * Tells the listeners at once, and queues the change for the others. A change that a listener makes meanwhile is
   * told after this one, so that all hear of changes in their order.
   */
  tell(oldValue: T, newValue: T): void {
    const change = { old: oldValue, new: newValue };
    if (this.#queued.size > 0) {
      if (this.#waiting.length >= MAX_WAITING) this.#waiting.shift();
      this.#waiting.push(change);
      if (!this.#isRunning) void this.#run();
    }
    this.#telling.add(change);
  }

  #tellSync(change: ValueChange<T>): void {
    for (const entry of [...this.#sync]) {
      // One before it may have taken it away.
      if (!this.#sync.has(entry)) continue;
      try {
        // A promise of a listener that should be done is not awaited, but its error is not lost.
        Promise.resolve(entry.call(change.old, change.new)).catch((err) => this.report(err));
      } catch (err) {
        this.report(err);
      }
    }
  }

  /** See `DynValue.changes`. */
  changes(): AsyncIterableIterator<ValueChange<T>, undefined> {
    const stream = new ChangeStream<T>();
    const remove = this.add((oldValue, newValue) => stream.push({ old: oldValue, new: newValue }), {
      sync: true,
    });
    stream.onEnd = remove;
    return stream;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // Listeners start in a turn of their own, after the setter is done.
    await Promise.resolve();
    for (let change = this.#waiting.shift(); change; change = this.#waiting.shift()) {
      for (const entry of [...this.#queued]) {
        if (!this.#queued.has(entry)) continue;
        try {
          await entry.call(change.old, change.new);
        } catch (err) {
          this.report(err);
        }
      }
    }
    this.#isRunning = false;
  }
}

/** An iterator over changes; unlike a generator it can end while its reader waits. */
class ChangeStream<T> implements AsyncIterableIterator<ValueChange<T>, undefined> {
  onEnd: () => void = () => undefined;
  readonly #waiting: ValueChange<T>[] = [];
  readonly #readers: ((result: IteratorResult<ValueChange<T>, undefined>) => void)[] = [];
  #isDone = false;

  push(change: ValueChange<T>): void {
    const reader = this.#readers.shift();
    if (reader !== undefined) return reader({ done: false, value: change });
    if (this.#waiting.length >= MAX_WAITING) this.#waiting.shift();
    this.#waiting.push(change);
  }

  next(): Promise<IteratorResult<ValueChange<T>, undefined>> {
    const change = this.#waiting.shift();
    if (change !== undefined) return Promise.resolve({ done: false, value: change });
    if (this.#isDone) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  return(): Promise<IteratorResult<ValueChange<T>, undefined>> {
    this.#isDone = true;
    this.#waiting.length = 0;
    this.onEnd();
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
