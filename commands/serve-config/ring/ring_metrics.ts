/** Counters of the ring under the names that exporters of group caches use (serve-config.md 10). */

import type { Metrics } from "#lib/metrics/metrics.ts";

/** What the ring reports. */
export interface RingMetrics {
  /** Where the number of members can be read at each scrape. */
  observe(peers: () => number): void;
  peerLoad(): void;
  peerError(): void;
  serverRequest(): void;
  /** Something was heard about a peer. */
  discoveryEvent(): void;
  deleteError(peer: string): void;
}

const GROUP = ["configfiles"];

/** Registers the families. */
export function createRingMetrics(metrics: Metrics): RingMetrics {
  const perGroup = (name: string, help: string) =>
    metrics.counter({ name: `groupcache_${name}_total`, help, labels: ["group"] }).series(GROUP);
  const loads = perGroup("peer_loads", "Objects taken from their owner");
  const errors = perGroup("peer_errors", "Requests to owners that failed");
  const served = perGroup("server_requests", "Requests of other replicas");
  const events = metrics.counter({
    name: "kubegroup_events",
    help: "Events about peers",
  });
  events.series([]);
  const deleteErrors = metrics.counter({
    name: "kcfg_peer_delete_errors_total",
    help: "Invalidations that could not be told to a peer",
    labels: ["peer"],
  });
  // Alone until the ring is joined, and for good where there is none.
  let count = () => 1;
  metrics.gauge({
    name: "kubegroup_peers",
    help: "Replicas in the ring, this one included",
    collect: () => [{ labelValues: [], value: count() }],
  });
  return {
    observe: (peers) => void (count = peers),
    peerLoad: () => void (loads.value += 1),
    peerError: () => void (errors.value += 1),
    serverRequest: () => void (served.value += 1),
    discoveryEvent: () => events.inc(),
    deleteError: (peer) => deleteErrors.inc([peer]),
  };
}
