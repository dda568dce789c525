/**
 * Read-through cache of one replica (serve-config.md 5): one load per key however many ask, a budget in
 * bytes, a time to live, and no old value kept after an invalidation.
 */

import { ByteLru } from "#lib/collections/byte_lru.ts";
import { SingleFlight } from "#lib/collections/single_flight.ts";
import type { Clock } from "#lib/run/clock.ts";
import { createEntry, gzipOf } from "./entry.ts";
import type { Entry } from "./entry.ts";
import {
  isFresh,
  isOutage,
  mayServeOnError,
  mayServeWhileRevalidating,
  noteFailure,
} from "./staleness.ts";
import type { StaleOptions } from "./staleness.ts";
import type { CacheMetrics } from "./cache_metrics.ts";
import type { Generations } from "./refresh/generations.ts";
import type { LoadOutcome, UpstreamChange } from "./upstream.ts";

/** Bounds and times. */
export interface CacheOptions extends StaleOptions {
  /** Without it nothing is kept, but concurrent loads of a key are still one. */
  readonly enabled: boolean;
  /** `undefined` for entries that never expire. */
  readonly ttlMs: number | undefined;
  /** Fraction, 0 to 0.5, by which a time to live is shortened at random. */
  readonly ttlJitter: number;
  /** Bytes of keys and values, compressed copies included. */
  readonly budgetBytes: number;
}

/** What the cache asks for. */
export interface CacheDeps {
  load(key: string, signal: AbortSignal): Promise<LoadOutcome>;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly metrics: CacheMetrics;
  readonly generations: Generations;
}

/** Anything but an object. */
export type LoadFailure = Exclude<LoadOutcome, { readonly kind: "found" }>;

/** What a load gives to everyone who waited for it. */
export type CacheResult =
  | { readonly kind: "entry"; readonly entry: Entry }
  /** The backend fails; this was its last answer. */
  | { readonly kind: "stale"; readonly entry: Entry }
  | LoadFailure;

const NEVER = new AbortController().signal;

/** A value heavier than this share of the budget is served, not kept. */
const OVERSIZE_SHARE = 8;

/** The cache. */
export class ConfigCache {
  readonly #options: CacheOptions;
  readonly #deps: CacheDeps;
  readonly #main = new ByteLru<Entry>();
  readonly #flights = new SingleFlight<string, CacheResult>();

  constructor(options: CacheOptions, deps: CacheDeps) {
    this.#options = options;
    this.#deps = deps;
    deps.metrics.observe({ items: () => this.#main.size, bytes: () => this.#main.bytes });
  }

  /** Keys kept or being loaded. */
  *keys(): Iterable<string> {
    yield* this.#main.keys();
    yield* this.#flights.keys();
  }

  /** Whether something is kept under `key`, in whatever state; what is kept has a valid key. */
  holds(key: string): boolean {
    return this.#main.has(key);
  }

  /**
   * The entry of `key` if it is kept and fresh, or stale and allowed to serve while it is loaded again, which
   * this begins. Never waits.
   */
  lookup(key: string): Entry | undefined {
    const { metrics, clock } = this.#deps;
    metrics.get();
    const entry = this.#main.get(key);
    if (entry === undefined) return undefined;
    const nowMs = clock.now();
    if (!isFresh(entry, nowMs)) {
      if (!mayServeWhileRevalidating(entry, this.#options, nowMs)) return undefined;
      metrics.staleServed("revalidate");
      this.#revalidate(key, entry);
    }
    metrics.hit();
    return entry;
  }

  /**
   * Loads `key`, joining a load under way. Call it after `lookup` found nothing.
   *
   * @throws the reason of `signal` when this asker gives up, or a fault of our own
   */
  async load(key: string, signal: AbortSignal): Promise<CacheResult> {
    const result = this.#paused(key) ?? await this.#joinLoad(key, signal);
    if (result.kind === "stale") this.#deps.metrics.staleServed("error");
    return result;
  }

  #joinLoad(key: string, signal: AbortSignal): Promise<CacheResult> {
    this.#deps.metrics.load({ deduplicated: this.#flights.has(key) });
    return this.#flights.run(key, (flightSignal) => this.#loadAndKeep(key, flightSignal), {
      signal,
    });
  }

  /**
   * Serves no entry any more that the change may concern, and makes loads under way not count: their askers
   * get the result, nobody later does. Entries are kept aside for an outage of the backend, if that is wanted.
   *
   * @returns how many entries are concerned
   */
  invalidate(change: UpstreamChange): number {
    this.#deps.generations.raise((key) => change.affects(key));
    for (const key of [...this.#flights.keys()]) {
      if (change.affects(key)) this.#flights.forget(key);
    }
    const nowMs = this.#deps.clock.now();
    let concerned = 0;
    for (const key of [...this.#main.keys()]) {
      const entry = this.#main.peek(key);
      if (entry === undefined || !change.affects(key)) continue;
      if (entry.refreshedAtMs === undefined) concerned += 1;
      if (this.#options.staleIfErrorMs === 0) {
        this.#main.delete(key);
        continue;
      }
      entry.refreshedAtMs ??= nowMs;
      // Whoever refreshes expects the backend to be asked, whatever it did before.
      delete entry.retryAtMs;
    }
    this.#deps.metrics.invalidated(concerned);
    return concerned;
  }

  /** Compressed copy of an entry, kept beside it within the budget; `null` when it would not be smaller. */
  async gzip(key: string, entry: Entry): Promise<Uint8Array<ArrayBuffer> | null> {
    const isFirst = entry.gzipping === undefined;
    const packed = await gzipOf(entry);
    if (isFirst && packed !== null && this.#main.peek(key) === entry) {
      this.#main.reweigh(key, weightOf(key, entry));
      this.#evict();
    }
    return packed;
  }

  async #loadAndKeep(key: string, signal: AbortSignal): Promise<CacheResult> {
    const { metrics, clock } = this.#deps;
    using ticket = this.#deps.generations.begin(key);
    const startedAt = clock.monotonic();
    const outcome = await this.#deps.load(key, signal);
    metrics.loaded({ outcome, seconds: (clock.monotonic() - startedAt) / 1000 });
    if (outcome.kind !== "found") return this.#afterFailure(key, outcome);
    const entry = await createEntry(outcome.bytes, {
      ...this.#times(),
      contentType: outcome.contentType,
    });
    if (!ticket.outdated) this.#keep(key, entry);
    return { kind: "entry", entry };
  }

  /** The last answer while the backend fails, unless the failure is an answer itself. */
  #afterFailure(key: string, outcome: LoadFailure): CacheResult {
    const entry = this.#main.peek(key);
    if (entry === undefined) return outcome;
    const nowMs = this.#deps.clock.now();
    if (!isOutage(outcome) || !mayServeOnError(entry, this.#options, nowMs)) {
      if (!isFresh(entry, nowMs)) this.#main.delete(key);
      return outcome;
    }
    noteFailure(entry, nowMs);
    return { kind: "stale", entry };
  }

  /** The last answer while it is too early to ask a failing backend again. */
  #paused(key: string): CacheResult | undefined {
    const entry = this.#main.peek(key);
    const nowMs = this.#deps.clock.now();
    if (entry?.retryAtMs === undefined || nowMs >= entry.retryAtMs) return undefined;
    return mayServeOnError(entry, this.#options, nowMs) ? { kind: "stale", entry } : undefined;
  }

  #revalidate(key: string, entry: Entry): void {
    const nowMs = this.#deps.clock.now();
    if (this.#flights.has(key) || nowMs < (entry.retryAtMs ?? 0)) return;
    this.#joinLoad(key, NEVER).catch(() => {
      // The next asker loads again and is told what is wrong.
    });
  }

  #times(): { readonly loadedAtMs: number; readonly expiresAtMs: number | undefined } {
    const { ttlMs, ttlJitter } = this.#options;
    const loadedAtMs = this.#deps.clock.now();
    if (ttlMs === undefined) return { loadedAtMs, expiresAtMs: undefined };
    return { loadedAtMs, expiresAtMs: loadedAtMs + ttlMs * (1 - ttlJitter * this.#deps.random()) };
  }

  #keep(key: string, entry: Entry): void {
    const weight = weightOf(key, entry);
    if (!this.#options.enabled || weight > this.#options.budgetBytes / OVERSIZE_SHARE) return;
    this.#main.set(key, entry, weight);
    this.#evict();
  }

  #evict(): void {
    while (this.#main.bytes > this.#options.budgetBytes) {
      if (this.#main.deleteOldest() === undefined) return;
      this.#deps.metrics.evicted();
    }
  }
}

const KEY_ENCODER = new TextEncoder();

function weightOf(key: string, entry: Entry): number {
  return KEY_ENCODER.encode(key).length + entry.bytes.length + (entry.gzip?.length ?? 0);
}
