/**
 * Who depends on a key right now (serve-config.md 5, 14.7): loads under way, whose result an invalidation
 * makes out of date, and clients that wait for a change. A key that nobody depends on costs nothing, so the
 * registry is as large as the work in hand. Any answer made of backend content may use it, under the path of
 * its request as key.
 */

/** A load under way; dispose of it when it ended. */
export interface Ticket extends Disposable {
  /** Whether the key was invalidated since the load began: its result may be handed out, never kept. */
  readonly outdated: boolean;
}

/** Loads and waiters by key. */
export class Generations {
  readonly #loads = new Map<string, Set<{ outdated: boolean }>>();
  readonly #waiters = new Map<string, Set<() => void>>();
  #waiterCount = 0;

  /** Clients that wait. */
  get waiters(): number {
    return this.#waiterCount;
  }

  /** Keys with a load under way. */
  loading(): Iterable<string> {
    return this.#loads.keys();
  }

  /** Notes the beginning of a load. */
  begin(key: string): Ticket {
    const load = { outdated: false };
    const loads = this.#loads.get(key) ?? new Set();
    this.#loads.set(key, loads.add(load));
    return {
      get outdated() {
        return load.outdated;
      },
      [Symbol.dispose]: () => removeFrom(this.#loads, key, load),
    };
  }

  /** Calls `onChange` after each invalidation of `key`, once what was kept is gone, until disposed. */
  subscribe(key: string, onChange: () => void): Disposable {
    // Each subscription counts, also when two share a function.
    const waiter = () => onChange();
    const waiters = this.#waiters.get(key) ?? new Set();
    this.#waiters.set(key, waiters.add(waiter));
    this.#waiterCount += 1;
    return {
      [Symbol.dispose]: () => {
        if (this.#waiters.get(key)?.has(waiter) !== true) return;
        removeFrom(this.#waiters, key, waiter);
        this.#waiterCount -= 1;
      },
    };
  }

  /** Marks the loads under way of every key concerned as out of date. */
  raise(affects: (key: string) => boolean): void {
    for (const [key, loads] of this.#loads) {
      if (!affects(key)) continue;
      for (const load of loads) load.outdated = true;
      // Whoever begins now begins after the change.
      this.#loads.delete(key);
    }
  }

  /** Tells those who wait for a key concerned. Call it when what was kept is gone. */
  notify(affects: (key: string) => boolean): void {
    for (const key of [...this.#waiters.keys()]) {
      if (!affects(key)) continue;
      for (const waiter of [...this.#waiters.get(key) ?? []]) waiter();
    }
  }
}

function removeFrom<V>(sets: Map<string, Set<V>>, key: string, value: V): void {
  const set = sets.get(key);
  if (set === undefined) return;
  set.delete(value);
  if (set.size === 0) sets.delete(key);
}
