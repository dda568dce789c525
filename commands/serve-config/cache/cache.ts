/**
 * Read-through cache of one replica (serve-config.md 5): one load per key however many ask, from the owner of
 * the key or from the backend, a budget in bytes, a time to live, and no old value kept after an invalidation.
 */

import type { Clock } from "#lib/run/clock.ts";
import { CacheLoads } from "./cache_loads.ts";
import type { LoadContext } from "./cache_loads.ts";
import type { CacheMetrics } from "./cache_metrics.ts";
import type { CacheResult, OwnerAnswer } from "./cache_result.ts";
import { CacheStores, weightOf } from "./cache_stores.ts";
import type { StoreName } from "./cache_stores.ts";
import { createEntry, gzipOf, renewed } from "./entry.ts";
import type { Entry, EntryTimes } from "./entry.ts";
import type { Generations } from "../refresh/generations.ts";
import { OutageAnswers } from "./outage_answers.ts";
import { isFresh, mayServeWhileRevalidating } from "./staleness.ts";
import type { StaleOptions } from "./staleness.ts";
import type { LoadOutcome, LoadRequest, UpstreamChange } from "../upstream/upstream.ts";

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
  /** How long the failure of a load answers for its key, in milliseconds; 0 (default) for not at all. */
  readonly errorTtlMs?: number;
  /** Which answers of other replicas are kept: all (default), one in ten, none. */
  readonly hot?: "always" | "sample" | "off";
}

/** What the cache asks for. */
export interface CacheDeps {
  load(key: string, signal: AbortSignal, request?: LoadRequest): Promise<LoadOutcome>;
  /** Asks the replica that owns the key; absent without a ring. */
  askOwner?(key: string, signal: AbortSignal, request?: LoadRequest): Promise<OwnerAnswer>;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly metrics: CacheMetrics;
  readonly generations: Generations;
}

const NEVER = new AbortController().signal;

/** A value heavier than this share of the budget is served, not kept. */
const OVERSIZE_SHARE = 8;
const HOT_SAMPLE = 0.1;
/** How soon an owner is asked again that had an object out of date. */
const STALE_PEER_MS = 1000;

/** The cache. */
export class ConfigCache {
  readonly #options: CacheOptions;
  readonly #deps: CacheDeps;
  readonly #stores: CacheStores;
  readonly #outage: OutageAnswers;
  /** Loads for clients of this replica; they may ask the owner. */
  readonly #clientLoads: CacheLoads<CacheResult>;
  /** Loads from the backend. Apart, so that a peer never waits for a load that waits for a peer. */
  readonly #backendLoads: CacheLoads<CacheResult>;

  constructor(options: CacheOptions, deps: CacheDeps) {
    this.#options = options;
    this.#deps = deps;
    const { generations, clock, metrics } = deps;
    const stores = new CacheStores(options, { onEvicted: (store) => metrics.evicted(store) });
    metrics.observe({ main: stores.main, hot: stores.hot });
    this.#stores = stores;
    const errorTtlMs = options.enabled ? options.errorTtlMs ?? 0 : 0;
    this.#outage = new OutageAnswers({ ...options, errorTtlMs }, { stores, clock });
    const kept = (key: string) => this.#newerThanLoad(key);
    this.#clientLoads = new CacheLoads({ generations, kept });
    this.#backendLoads = new CacheLoads({ generations, kept });
  }

  /** Keys kept or being loaded. */
  *keys(): Iterable<string> {
    yield* this.#stores.keys();
    yield* this.#clientLoads.keys();
    yield* this.#backendLoads.keys();
  }

  /** What is kept, for inspection. */
  *entries(): Iterable<{ readonly key: string; readonly entry: Entry }> {
    for (const key of this.#stores.keys()) {
      const entry = this.#stores.peek(key);
      if (entry !== undefined) yield { key, entry };
    }
  }

  /** Whether something is kept under `key`, in whatever state; what is kept has a valid key. */
  holds(key: string): boolean {
    return this.#stores.has(key);
  }

  /**
   * The entry of `key` if it is kept and fresh, or stale and allowed to serve while it is loaded again, which
   * this begins. Never waits.
   */
  lookup(key: string, request?: LoadRequest): Entry | undefined {
    return this.#servable(key, () => this.#joinLoad(key, NEVER, request));
  }

  /**
   * The entry of `key` if it is kept and fresh. This counts as a use, but not as a hit before `countHit` says so;
   * whoever does not answer with it asks `lookup`.
   */
  fresh(key: string, nowMs: number): Entry | undefined {
    const entry = this.#stores.get(key);
    return entry !== undefined && isFresh(entry, nowMs) ? entry : undefined;
  }

  /** Counts that an entry which `fresh` gave was answered. */
  countHit(entry: Entry): void {
    this.#deps.metrics.get();
    this.#deps.metrics.hit(entry.store ?? "main");
  }

  /**
   * Loads `key`, joining a load under way. Call it after `lookup` found nothing.
   *
   * @throws the reason of `signal` when this asker gives up, or a fault of our own
   */
  async load(key: string, signal: AbortSignal, request?: LoadRequest): Promise<CacheResult> {
    return this.#counted(this.#outage.get(key) ?? await this.#joinLoad(key, signal, request));
  }

  /**
   * The same for another replica: from what is kept here or from the backend, never from a third replica.
   *
   * @throws as `load`
   */
  async loadForPeer(key: string, signal: AbortSignal, request?: LoadRequest): Promise<CacheResult> {
    const entry = this.#servable(key, () => this.#joinBackend(key, NEVER, request));
    if (entry !== undefined) return { kind: "entry", entry, via: "backend" };
    const known = this.#outage.get(key);
    if (known !== undefined) return this.#counted(known);
    this.#deps.metrics.load({ joined: this.#backendLoads.has(key) });
    return this.#counted(await this.#joinBackend(key, signal, request));
  }

  /**
   * Serves no entry any more that the change may concern, and makes loads under way not count: nobody later gets
   * their result, and their askers only when no newer load was begun. Entries are kept aside for an outage of the
   * backend, if that is wanted.
   *
   * @returns how many entries are concerned
   */
  invalidate(change: UpstreamChange): number {
    this.#deps.generations.raise((key) => change.affects(key));
    this.#outage.forget(change);
    for (const loads of [this.#clientLoads, this.#backendLoads]) {
      for (const key of [...loads.keys()]) if (change.affects(key)) loads.forget(key);
    }
    const nowMs = this.#deps.clock.now();
    let concerned = 0;
    for (const key of [...this.#stores.keys()]) {
      const entry = this.#stores.peek(key);
      if (entry === undefined || !change.affects(key)) continue;
      if (entry.refreshedAtMs === undefined) concerned += 1;
      if (this.#options.staleIfErrorMs === 0) {
        this.#stores.delete(key);
        continue;
      }
      entry.refreshedAtMs ??= nowMs;
      // Whoever refreshes expects the backend to be asked, whatever it did before.
      delete entry.retryAtMs;
    }
    this.#deps.metrics.invalidated(concerned);
    return concerned;
  }

  /** Forgets everything, also what stands in for a failing backend. */
  flush(): void {
    this.invalidate({ affects: () => true });
    for (const key of [...this.#stores.keys()]) this.#stores.delete(key);
  }

  /** Compressed copy of an entry, kept beside it within the budget; `null` when it would not be smaller. */
  async gzip(key: string, entry: Entry): Promise<Uint8Array<ArrayBuffer> | null> {
    const isFirst = entry.gzipping === undefined;
    const packed = await gzipOf(entry);
    if (isFirst && packed !== null) this.#stores.reweigh(key, entry);
    return packed;
  }

  /** What is kept and fresh, or allowed to serve while `revalidate` loads it again. A use of the entry. */
  #servable(key: string, revalidate: () => Promise<unknown>): Entry | undefined {
    const { clock, metrics } = this.#deps;
    metrics.get();
    const entry = this.#stores.get(key);
    if (entry === undefined) return undefined;
    const nowMs = clock.now();
    if (!isFresh(entry, nowMs)) {
      if (!mayServeWhileRevalidating(entry, this.#options, nowMs)) return undefined;
      metrics.staleServed("revalidate");
      const isLoading = this.#clientLoads.has(key) || this.#backendLoads.has(key);
      if (!isLoading && nowMs >= (entry.retryAtMs ?? 0)) {
        revalidate().catch(() => {
          // The next asker loads again and is told what is wrong.
        });
      }
    }
    metrics.hit(entry.store ?? "main");
    return entry;
  }

  #joinLoad(key: string, signal: AbortSignal, request?: LoadRequest): Promise<CacheResult> {
    const isAlone = this.#deps.askOwner === undefined;
    const loads = isAlone ? this.#backendLoads : this.#clientLoads;
    this.#deps.metrics.load({ joined: loads.has(key) });
    if (isAlone) return this.#joinBackend(key, signal, request);
    return loads.run(key, (context) => this.#loadAnywhere(key, context, request), signal);
  }

  #joinBackend(key: string, signal: AbortSignal, request?: LoadRequest): Promise<CacheResult> {
    const load = (context: LoadContext) => this.#loadFromBackend(key, context, request);
    return this.#backendLoads.run(key, load, signal);
  }

  async #loadAnywhere(
    key: string,
    { ticket, signal }: LoadContext,
    request?: LoadRequest,
  ): Promise<CacheResult> {
    const answer = await this.#deps.askOwner?.(key, signal, request);
    if (answer === undefined) return await this.#joinBackend(key, signal, request);
    if (!("entry" in answer)) return this.#outage.after(key, answer);
    const { entry } = answer;
    if (answer.kind === "stale") entry.retryAtMs = this.#deps.clock.now() + STALE_PEER_MS;
    if (!ticket.outdated && this.#keepsHot()) this.#keep("hot", key, entry);
    return answer.kind === "stale"
      ? { kind: "stale", entry }
      : { kind: "entry", entry, via: "peer" };
  }

  async #loadFromBackend(
    key: string,
    { ticket, signal }: LoadContext,
    request?: LoadRequest,
  ): Promise<CacheResult> {
    const { metrics, clock } = this.#deps;
    const known = this.#stores.peek(key);
    const startedAt = clock.monotonic();
    const asked = known?.validators === undefined
      ? request
      : { ...request, validators: known.validators };
    const outcome = await this.#deps.load(key, signal, asked);
    metrics.loaded({ outcome, seconds: (clock.monotonic() - startedAt) / 1000 });
    if (outcome.kind === "unchanged" && known !== undefined) {
      const entry = renewed(known, this.#times());
      if (!ticket.outdated) this.#keep("main", key, entry);
      return { kind: "entry", entry, via: "backend" };
    }
    if (outcome.kind === "unchanged") throw new TypeError("Backend renewed what is not kept");
    if (outcome.kind !== "found") {
      const result = this.#outage.after(key, outcome);
      if (result === outcome && !ticket.outdated) this.#outage.remember(key, outcome);
      return result;
    }
    const entry = await createEntry(outcome.bytes, this.#times(), outcome);
    if (!ticket.outdated) this.#keep("main", key, entry);
    return { kind: "entry", entry, via: "backend" };
  }

  /** What a load left here that began after one that was overtaken. */
  #newerThanLoad(key: string): CacheResult | undefined {
    const entry = this.#stores.get(key);
    if (entry === undefined || !isFresh(entry, this.#deps.clock.now())) return undefined;
    return { kind: "entry", entry, via: entry.store === "hot" ? "peer" : "backend" };
  }

  #counted(result: CacheResult): CacheResult {
    if (result.kind === "stale") this.#deps.metrics.staleServed("error");
    return result;
  }

  #times(): EntryTimes {
    const { ttlMs, ttlJitter } = this.#options;
    const loadedAtMs = this.#deps.clock.now();
    if (ttlMs === undefined) return { loadedAtMs, expiresAtMs: undefined };
    return { loadedAtMs, expiresAtMs: loadedAtMs + ttlMs * (1 - ttlJitter * this.#deps.random()) };
  }

  #keepsHot(): boolean {
    const { hot = "always" } = this.#options;
    return hot === "always" || (hot === "sample" && this.#deps.random() < HOT_SAMPLE);
  }

  #keep(store: StoreName, key: string, entry: Entry): void {
    const { enabled, budgetBytes } = this.#options;
    if (!enabled || weightOf(key, entry) > budgetBytes / OVERSIZE_SHARE) {
      // An older value must not outlive this one.
      this.#stores.delete(key);
      return;
    }
    this.#stores.set(store, key, entry);
  }
}
