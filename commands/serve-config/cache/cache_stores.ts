/**
 * The two stores of a replica and the budget they share (serve-config.md 5): `main` for what it loaded itself,
 * `hot` for copies of what other replicas own.
 */

import { ByteLru } from "#lib/collections/byte_lru.ts";
import type { Entry } from "./entry.ts";

/** One of the two. */
export type StoreName = "main" | "hot";

/** Memory that an entry takes whatever it holds, its usual answers included, as measured (decision 42). */
const ENTRY_BYTES = 2048;
/** Entries that any budget allows, for budgets so small that they are tests or mistakes. */
const MIN_ENTRIES = 1000;

/** The hot store gives way first as soon as it is larger than this share of the main one. */
const HOT_SHARE = 8;

/** Both stores. A key is in one of them at most. */
export class CacheStores {
  readonly main = new ByteLru<Entry>();
  readonly hot = new ByteLru<Entry>();
  readonly #budgetBytes: number;
  readonly #maxEntries: number;
  readonly #onEvicted: (store: StoreName) => void;

  constructor(
    { budgetBytes }: { readonly budgetBytes: number },
    { onEvicted }: { readonly onEvicted: (store: StoreName) => void },
  ) {
    this.#budgetBytes = budgetBytes;
    this.#maxEntries = Math.max(MIN_ENTRIES, Math.floor(budgetBytes / ENTRY_BYTES));
    this.#onEvicted = onEvicted;
  }

  /** Whether a key is kept, in whatever state. */
  has(key: string): boolean {
    return this.main.has(key) || this.hot.has(key);
  }

  /** What is kept under `key`, which counts as a use. */
  get(key: string): Entry | undefined {
    return this.main.get(key) ?? this.hot.get(key);
  }

  /** What is kept under `key`, without touching the order of use. */
  peek(key: string): Entry | undefined {
    return this.main.peek(key) ?? this.hot.peek(key);
  }

  /** Keys of both. */
  *keys(): Iterable<string> {
    yield* this.main.keys();
    yield* this.hot.keys();
  }

  /** Keeps an entry in one store, out of the other, and drops old ones down to the budget. */
  set(store: StoreName, key: string, entry: Entry): void {
    this[store === "main" ? "hot" : "main"].delete(key);
    entry.store = store;
    this[store].set(key, entry, weightOf(key, entry));
    this.#evict();
  }

  /** Weighs an entry again that grew, if it is still kept. */
  reweigh(key: string, entry: Entry): void {
    for (const store of [this.main, this.hot]) {
      if (store.peek(key) === entry) store.reweigh(key, weightOf(key, entry));
    }
    this.#evict();
  }

  /** Removes a key. */
  delete(key: string): void {
    this.main.delete(key);
    this.hot.delete(key);
  }

  #evict(): void {
    while (this.#isOver()) {
      const hotFirst = this.hot.bytes > Math.floor(this.main.bytes / HOT_SHARE);
      const victim = hotFirst ? "hot" : "main";
      if (this[victim].deleteOldest() === undefined) return;
      this.#onEvicted(victim);
    }
  }

  #isOver(): boolean {
    return this.main.bytes + this.hot.bytes > this.#budgetBytes ||
      this.main.size + this.hot.size > this.#maxEntries;
  }
}

const ENCODER = new TextEncoder();

/** Bytes of key and value, compressed copy included. */
export function weightOf(key: string, entry: Entry): number {
  return ENCODER.encode(key).length + entry.bytes.length + (entry.gzip?.length ?? 0);
}
