/** The client's counts as metric families, under the names of the specification (`kube-client.md` 14). */

import type { Metrics } from "#lib/metrics/metrics.ts";
import type { KubeMetrics } from "./metrics.ts";

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * Registers the families `kcfg_kube_*` and returns what to hand to `createKubeClient`. Several clients may
 * share it.
 *
 * @throws {TypeError} when called twice for the same `metrics`
 */
export function createKubeMetrics(metrics: Metrics): KubeMetrics {
  const requests = metrics.counter({
    name: "kcfg_kube_requests_total",
    help: "Attempts of requests to the API server by status or kind of failure",
    labels: ["verb", "resource", "code"],
  });
  const durations = metrics.histogram({
    name: "kcfg_kube_request_duration_seconds",
    help: "Time from sending a request to its headers",
    labels: ["verb"],
    bounds: SECONDS,
  });
  const retries = metrics.counter({
    name: "kcfg_kube_request_retries_total",
    help: "Requests that were sent again",
    labels: ["reason"],
  });
  const limiterWaits = metrics.histogram({
    name: "kcfg_kube_rate_limiter_wait_seconds",
    help: "Time that requests waited for the client's own rate limit, where they had to",
    bounds: SECONDS,
  });
  const watchEvents = metrics.counter({
    name: "kcfg_kube_watch_events_total",
    help: "Events received on watches",
    labels: ["resource", "type"],
  });
  const watchRestarts = metrics.counter({
    name: "kcfg_kube_watch_restarts_total",
    help: "Watches opened again, by what ended the one before",
    labels: ["resource", "reason"],
  });
  const relists = metrics.counter({
    name: "kcfg_kube_relists_total",
    help: "Lists of informers, by what made them necessary",
    labels: ["resource", "reason"],
  });
  const drift = metrics.counter({
    name: "kcfg_kube_drift_total",
    help: "Differences between a store and the server found by resyncs",
    labels: ["resource"],
  });
  const storeObjects = metrics.gauge({
    name: "kcfg_kube_store_objects",
    help: "Objects held by informers",
    labels: ["resource"],
  });
  const lastContact = metrics.gauge({
    name: "kcfg_kube_last_contact_seconds",
    help: "Last sign of life from the server in seconds since the Unix epoch",
    labels: ["resource"],
  });
  const tokenReloads = metrics.counter({
    name: "kcfg_kube_token_reloads_total",
    help: "Readings of token files",
    labels: ["result"],
  });
  const recycles = metrics.counter({
    name: "kcfg_kube_transport_recycles_total",
    help: "Connections replaced by new ones",
    labels: ["reason"],
  });
  const held = new Map<string, number>();
  return {
    request({ verb, resource, code }, durationSeconds) {
      requests.inc([verb, resource, code]);
      durations.observe(durationSeconds, [verb]);
    },
    retry: (reason) => retries.inc([reason]),
    rateLimiterWait: (seconds) => limiterWaits.observe(seconds),
    watchEvent: (resource, type) => watchEvents.inc([resource, type]),
    watchRestart: (resource, reason) => watchRestarts.inc([resource, reason]),
    relist: (resource, reason) => relists.inc([resource, reason]),
    drift: (resource, count) => drift.inc([resource], count),
    storeObjects(resource, change) {
      const count = (held.get(resource) ?? 0) + change;
      held.set(resource, count);
      storeObjects.set(count, [resource]);
    },
    lastContact: (resource, epochSeconds) => lastContact.set(epochSeconds, [resource]),
    tokenReload: (result) => tokenReloads.inc([result]),
    transportRecycle: (reason) => recycles.inc([reason]),
  };
}
