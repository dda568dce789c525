/**
 * Read-through cache of one replica (serve-config.md 5): one load per key however many ask, from the owner of
 * the key or from the backend, a budget in bytes, a time to live, and no old value kept after an invalidation.
 */

import type { Clock } from "#lib/run/clock.ts";
import { CacheLoads } from "./cache_loads.ts";
import type { LoadContext } from "./cache_loads.ts";
import type { CacheMetrics } from "./cache_metrics.ts";
import { CacheStores, weightOf } from "./cache_stores.ts";
import type { StoreName } from "./cache_stores.ts";
import { createEntry, gzipOf, renewed } from "./entry.ts";
import type { Entry, EntryTimes } from "./entry.ts";
import type { Generations } from "./refresh/generations.ts";
import {
  isFresh,
  isOutage,
  mayServeOnError,
  mayServeWhileRevalidating,
  noteFailure,
} from "./staleness.ts";
import { RememberedFailures } from "./remembered_failures.ts";
import type { StaleOptions } from "./staleness.ts";
import type { LoadFailure, LoadOutcome, LoadRequest, UpstreamChange } from "./upstream.ts";

export type { LoadFailure } from "./upstream.ts";

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

/** What the owner of a key said; `undefined` when it is this replica, or is to be done without. */
export type OwnerAnswer =
  | { readonly kind: "entry" | "stale"; readonly entry: Entry }
  | LoadFailure
  | undefined;

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

/** What a load gives to everyone who waited for it. */
export type CacheResult =
  | { readonly kind: "entry"; readonly entry: Entry; readonly via: "backend" | "peer" }
  /** The backend fails; this was its last answer. */
  | { readonly kind: "stale"; readonly entry: Entry }
  | LoadFailure;

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
  readonly #failures: RememberedFailures;
  /** Loads for clients of this replica; they may ask the owner. */
  readonly #clientLoads: CacheLoads<CacheResult>;
  /** Loads from the backend. Apart, so that a peer never waits for a load that waits for a peer. */
  readonly #backendLoads: CacheLoads<CacheResult>;

  constructor(options: CacheOptions, deps: CacheDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#failures = new RememberedFailures(options.enabled ? options.errorTtlMs ?? 0 : 0);
    this.#stores = new CacheStores(options, { onEvicted: (store) => deps.metrics.evicted(store) });
    const { main, hot } = this.#stores;
    deps.metrics.observe({ main, hot });
    const { generations } = deps;
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
    const entry = this.#kept(key);
    if (entry === undefined) return undefined;
    const nowMs = this.#deps.clock.now();
    if (!isFresh(entry, nowMs)) {
      const again = () => this.#joinLoad(key, NEVER, request);
      if (!this.#mayServe(key, { entry, nowMs, revalidate: again })) return undefined;
    }
    this.#deps.metrics.hit(entry.store ?? "main");
    return entry;
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
    return this.#counted(this.#known(key) ?? await this.#joinLoad(key, signal, request));
  }

  /**
   * The same for another replica: from what is kept here or from the backend, never from a third replica.
   *
   * @throws as `load`
   */
  async loadForPeer(key: string, signal: AbortSignal, request?: LoadRequest): Promise<CacheResult> {
    const fromBackend = (s: AbortSignal) => this.#joinBackend(key, s, request);
    const entry = this.#kept(key);
    const nowMs = this.#deps.clock.now();
    const again = () => fromBackend(NEVER);
    if (
      entry !== undefined &&
      (isFresh(entry, nowMs) || this.#mayServe(key, { entry, nowMs, revalidate: again }))
    ) {
      this.#deps.metrics.hit(entry.store ?? "main");
      return { kind: "entry", entry, via: "backend" };
    }
    const known = this.#known(key);
    if (known !== undefined) return this.#counted(known);
    this.#deps.metrics.load({ joined: this.#backendLoads.has(key) });
    return this.#counted(await fromBackend(signal));
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
    this.#failures.forget(change);
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

  /** What is kept, whatever its age; this counts as a use. */
  #kept(key: string): Entry | undefined {
    this.#deps.metrics.get();
    return this.#stores.get(key);
  }

  /** Whether an entry that is not fresh may serve while it is loaded again, which this begins. */
  #mayServe(
    key: string,
    { entry, nowMs, revalidate }: {
      readonly entry: Entry;
      readonly nowMs: number;
      readonly revalidate: () => Promise<unknown>;
    },
  ): boolean {
    if (!mayServeWhileRevalidating(entry, this.#options, nowMs)) return false;
    this.#deps.metrics.staleServed("revalidate");
    this.#revalidate(key, { entry, nowMs, revalidate });
    return true;
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
    if (!("entry" in answer)) return this.#afterFailure(key, answer);
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
      const result = this.#afterFailure(key, outcome);
      if (result === outcome && !ticket.outdated) this.#failures.add(key, outcome, clock.now());
      return result;
    }
    const entry = await createEntry(outcome.bytes, this.#times(), outcome);
    if (!ticket.outdated) this.#keep("main", key, entry);
    return { kind: "entry", entry, via: "backend" };
  }

  /** The last answer while the backend fails, unless the failure is an answer itself. */
  #afterFailure(key: string, outcome: LoadFailure): CacheResult {
    const entry = this.#stores.peek(key);
    if (entry === undefined) return outcome;
    const nowMs = this.#deps.clock.now();
    if (!isOutage(outcome) || !mayServeOnError(entry, this.#options, nowMs)) {
      if (!isFresh(entry, nowMs)) this.#stores.delete(key);
      return outcome;
    }
    noteFailure(entry, nowMs);
    return { kind: "stale", entry };
  }

  /** What is to be answered without asking: a failure that is remembered, or the last answer before it. */
  #known(key: string): CacheResult | undefined {
    return this.#failures.get(key, this.#deps.clock.now()) ?? this.#paused(key);
  }

  /** The last answer while it is too early to ask a failing backend again. */
  #paused(key: string): CacheResult | undefined {
    const entry = this.#stores.peek(key);
    const nowMs = this.#deps.clock.now();
    if (entry?.retryAtMs === undefined || nowMs >= entry.retryAtMs) return undefined;
    return mayServeOnError(entry, this.#options, nowMs) ? { kind: "stale", entry } : undefined;
  }

  #revalidate(
    key: string,
    { entry, nowMs, revalidate }: {
      readonly entry: Entry;
      readonly nowMs: number;
      readonly revalidate: () => Promise<unknown>;
    },
  ): void {
    if (this.#clientLoads.has(key) || this.#backendLoads.has(key)) return;
    if (nowMs < (entry.retryAtMs ?? 0)) return;
    revalidate().catch(() => {
      // The next asker loads again and is told what is wrong.
    });
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
