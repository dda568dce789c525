/**
 * The one entry for "this may have changed" (serve-config.md 8.5, 9): bus, webhook, watches, peers and signals
 * all call `invalidate`. What is kept here is dropped at once, then the peers are told, then it is dropped once
 * more, because a read in between may have brought the old value back from an owner that had not heard yet.
 */

import type { Logger } from "#lib/log/logger.ts";
import type { Metrics } from "#lib/metrics/metrics.ts";
import type { UpstreamChange } from "../upstream/upstream.ts";
import type { Generations } from "./generations.ts";
import { matcherOf } from "./matching.ts";

/** Who said so, for the metric. */
export type RefreshSource = "amqp" | "monitor" | "watch" | "peer" | "signal" | "admin";

/** What may have changed. */
export type RefreshTarget =
  /** Applications in the syntax of the bus: `orders:**`, `**` for all. */
  | { readonly destination: string }
  /** Keys as they are in the cache. */
  | { readonly keys: readonly string[] }
  /** Whatever a backend says that it concerns. */
  | { readonly change: UpstreamChange };

/** An invalidation. */
export interface RefreshRequest {
  readonly source: RefreshSource;
  readonly target: RefreshTarget;
  /** Id of the event; one that was passed on already is applied and not passed on again. */
  readonly id?: string | undefined;
  /** Passed on to replicas of kcfg alone although a peer said it: that peer may not have told them all. */
  readonly relayed?: boolean | undefined;
}

/** What is told to the peers: exactly one of the two says what changed. */
export interface SpreadEvent {
  readonly id: string;
  readonly destination?: string;
  readonly keys: readonly string[];
  /** Tell replicas of kcfg and nobody else. */
  readonly kcfgOnly?: boolean | undefined;
}

/** Something that keeps what came from the backend. */
export interface Refreshable {
  /** Serves what is concerned no more; returns how many entries that are. */
  invalidate(change: UpstreamChange): number;
  /** Keys held or being loaded. */
  keys(): Iterable<string>;
}

/** What the refresher needs. */
export interface RefresherDeps {
  readonly generations: Generations;
  readonly stores: readonly Refreshable[];
  /** Tells the peers; never rejects, ends by itself. Absent without a ring. */
  readonly spread?: ((event: SpreadEvent) => Promise<void>) | undefined;
  readonly newId: () => string;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Ids of events already passed on. */
const MAX_IDS = 1024;
/** Longer ids are nobody's, and not remembered. */
const MAX_ID_CHARS = 256;
/** Events that may wait for the peers; beyond, the oldest waiting ones become one refresh of everything. */
const MAX_WAITING = 256;

/** The entry. */
export class Refresher {
  readonly #options: { readonly spring: boolean };
  readonly #deps: RefresherDeps;
  readonly #results;
  readonly #seen = new Set<string>();
  #waiting: { readonly event: SpreadEvent; readonly change: UpstreamChange }[] = [];
  #spreading: Promise<void> | undefined;

  constructor(options: { readonly spring: boolean }, deps: RefresherDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#results = deps.metrics.counter({
      name: "kcfg_refresh_events_total",
      help: "Refresh events by source and result",
      labels: ["source", "result"],
    });
  }

  /** Counts an event that changes nothing. */
  note(source: RefreshSource, result: "ignored" | "malformed"): void {
    this.#results.inc([source, result]);
  }

  /**
   * Drops what is concerned, here at once and at the peers soon after; events reach them in order, one at a
   * time.
   *
   * @returns how many entries were dropped here
   */
  invalidate(
    { source, target, id = this.#deps.newId(), relayed = false }: RefreshRequest,
  ): number {
    const change = this.#changeOf(target);
    const isNew = this.#remember(id);
    this.#results.inc([source, isNew ? "ok" : "duplicate"]);
    // Before dropping: afterwards nobody knows which keys were concerned.
    const isTold = isNew && (source !== "peer" || relayed);
    const event = isTold ? this.#eventOf(id, target, change) : undefined;
    const dropped = this.#drop(change);
    this.#deps.log.debug("refreshed", { source, id, dropped });
    if (event !== undefined) this.#enqueue(relayed ? { ...event, kcfgOnly: true } : event, change);
    return dropped;
  }

  /** Resolves when every event so far was told to the peers. */
  async settled(): Promise<void> {
    await this.#spreading;
  }

  #changeOf(target: RefreshTarget): UpstreamChange {
    if ("change" in target) return target.change;
    if ("keys" in target) {
      const keys = new Set(target.keys);
      return { affects: (key) => keys.has(key) };
    }
    return { affects: matcherOf(target.destination, this.#options) };
  }

  #drop(change: UpstreamChange): number {
    const { generations, stores } = this.#deps;
    const affects = (key: string) => change.affects(key);
    generations.raise(affects);
    const dropped = stores.reduce((sum, store) => sum + store.invalidate(change), 0);
    generations.notify(affects);
    return dropped;
  }

  /** `undefined` when there is nobody to tell, or nothing to say. */
  #eventOf(
    id: string,
    target: RefreshTarget,
    change: UpstreamChange,
  ): SpreadEvent | undefined {
    if (this.#deps.spread === undefined) return undefined;
    const held = this.#deps.stores.flatMap((store) => [...store.keys()]);
    const keys = new Set(held.filter((key) => change.affects(key)));
    if ("destination" in target) return { id, destination: target.destination, keys: [...keys] };
    if ("keys" in target) { for (const key of target.keys) keys.add(key); }
    return keys.size === 0 ? undefined : { id, keys: [...keys] };
  }

  #enqueue(event: SpreadEvent, change: UpstreamChange): void {
    this.#waiting.push({ event, change });
    if (this.#waiting.length > MAX_WAITING) {
      const all = this.#waiting.flatMap((one) => one.event.keys);
      const everything = { id: event.id, destination: "**", keys: [...new Set(all)] };
      this.#waiting = [{ event: everything, change: { affects: () => true } }];
    }
    this.#spreading ??= this.#spreadAll().finally(() => this.#spreading = undefined);
  }

  async #spreadAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      await this.#deps.spread?.(next.event);
      this.#drop(next.change);
    }
  }

  #remember(id: string): boolean {
    if (id.length > MAX_ID_CHARS) return true;
    if (this.#seen.has(id)) return false;
    this.#seen.add(id);
    for (const oldest of this.#seen) {
      if (this.#seen.size <= MAX_IDS) break;
      this.#seen.delete(oldest);
    }
    return true;
  }
}
