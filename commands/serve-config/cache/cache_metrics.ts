/** Counters of cache and backend under the names that exporters of group caches use (serve-config.md 10). */

import type { Metrics } from "#lib/metrics/metrics.ts";
import type { StoreName } from "./cache_stores.ts";
import type { LoadOutcome } from "../upstream/upstream.ts";

/** What the cache reports; each method is one event. */
export interface CacheMetrics {
  /** Where sizes can be read at each scrape. */
  observe(stores: Readonly<Record<StoreName, StoreSizes>>): void;
  get(): void;
  hit(store: StoreName): void;
  load(event: { readonly joined: boolean }): void;
  loaded(event: { readonly outcome: LoadOutcome; readonly seconds: number }): void;
  evicted(store: StoreName): void;
  invalidated(keys: number): void;
  staleServed(reason: "error" | "revalidate"): void;
}

/** What a store tells about itself at each scrape. */
export interface StoreSizes {
  readonly size: number;
  readonly bytes: number;
}

const GROUP = ["configfiles"];
const STORES = { main: ["configfiles", "main"], hot: ["configfiles", "hot"] } as const;

/** Upper bounds of every latency histogram, in seconds. */
export const LATENCY_BOUNDS: readonly number[] = [
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
];

/** Registers the families; `backend` is the label of the backend histogram. */
export function createCacheMetrics(
  metrics: Metrics,
  { backend }: { readonly backend: string },
): CacheMetrics {
  const perGroup = (name: string, help: string) =>
    metrics.counter({ name: `groupcache_${name}_total`, help, labels: ["group"] });
  const perStore = (name: string, help: string) =>
    metrics.counter({ name: `groupcache_cache_${name}_total`, help, labels: ["group", "type"] });
  // The two counters of each hit, resolved once.
  const gets = perGroup("gets", "Lookups").series(GROUP);
  const hits = perGroup("hits", "Lookups answered from a store").series(GROUP);
  // Series are made at once, so that they begin with 0 and not with the first event.
  const loads = perGroup("loads", "Lookups that needed a load").series(GROUP);
  // What the exporters mean by it: what is left once the askers of one load are counted as one.
  const begun = perGroup("loads_deduped", "Loads begun, however many asked for each").series(GROUP);
  const localLoads = perGroup("local_load", "Successful loads from the backend").series(GROUP);
  const localErrors = perGroup("local_load_errs", "Failed loads from the backend").series(GROUP);
  const storeGets = perStore("gets", "Lookups in a store");
  const storeHits = perStore("hits", "Lookups answered by a store");
  const mainGets = storeGets.series(STORES.main);
  const hotGets = storeGets.series(STORES.hot);
  const mainHits = storeHits.series(STORES.main);
  const hotHits = storeHits.series(STORES.hot);
  const evictions = perStore("evictions", "Entries evicted for room");
  for (const labels of Object.values(STORES)) evictions.series(labels);
  const invalidatedKeys = metrics.counter({
    name: "kcfg_invalidated_keys_total",
    help: "Entries dropped by changes and refresh events",
  });
  invalidatedKeys.series([]);
  const staleServed = metrics.counter({
    name: "kcfg_stale_served_total",
    help: "Answers with an object that is out of date",
    labels: ["reason"],
  });
  for (const reason of ["error", "revalidate"]) staleServed.series([reason]);
  const backendSeconds = metrics.histogram({
    name: "kcfg_backend_request_seconds",
    help: "Time of loads from the backend",
    labels: ["backend", "code"],
    bounds: LATENCY_BOUNDS,
  });
  return {
    observe(stores) {
      registerSizes(metrics, stores);
    },
    get() {
      gets.value += 1;
      mainGets.value += 1;
      hotGets.value += 1;
    },
    hit(store) {
      hits.value += 1;
      if (store === "main") {
        mainHits.value += 1;
        // The second store was not asked.
        hotGets.value -= 1;
      } else hotHits.value += 1;
    },
    load(event) {
      loads.value += 1;
      if (!event.joined) begun.value += 1;
    },
    loaded({ outcome, seconds }) {
      (["found", "unchanged"].includes(outcome.kind) ? localLoads : localErrors).value += 1;
      backendSeconds.observe(seconds, [backend, codeOf(outcome)]);
    },
    evicted(store) {
      evictions.inc(STORES[store]);
    },
    invalidated(keys) {
      invalidatedKeys.inc([], keys);
    },
    staleServed(reason) {
      staleServed.inc([reason]);
    },
  };
}

function registerSizes(
  metrics: Metrics,
  stores: Readonly<Record<StoreName, StoreSizes>>,
): void {
  const labels = ["group", "type"];
  const collect = (read: (sizes: StoreSizes) => number) => () => [
    { labelValues: STORES.main, value: read(stores.main) },
    { labelValues: STORES.hot, value: read(stores.hot) },
  ];
  metrics.gauge({
    name: "groupcache_cache_items",
    help: "Entries kept",
    labels,
    collect: collect(({ size }) => size),
  });
  metrics.gauge({
    name: "groupcache_cache_bytes",
    help: "Bytes of keys and values kept",
    labels,
    collect: collect(({ bytes }) => bytes),
  });
}

function codeOf(outcome: LoadOutcome): string {
  switch (outcome.kind) {
    case "found":
    case "unchanged":
    case "too-large":
      return "2xx";
    case "missing":
      return "4xx";
    case "rejected":
    case "failed":
      return outcome.status === 0 ? "error" : `${Math.floor(outcome.status / 100)}xx`;
  }
}
