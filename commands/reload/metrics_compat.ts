/** Metric names of the tools that kcfg replaces (reload.md 11.2), beside its own. */

import type { Metrics, NumberSeries } from "#lib/metrics/metrics.ts";
import type { TargetReport } from "./actions/http_action.ts";
import type { ReloadOptions } from "./options.ts";
import type { ReloadMetrics } from "./reload_metrics.ts";
import type { Source } from "./sources/source.ts";
import type { RunFacts } from "./state.ts";

/** What the names are filled from. */
export interface CompatReadings {
  readonly facts: RunFacts;
  readonly sources: readonly Source[];
  /** Watch events so far. */
  readonly watchEvents: () => number;
}

/** Registers the names; what is told to the result is told to `own` too. */
export function withCompatMetrics(
  own: ReloadMetrics,
  metrics: Metrics,
  { metricsCompat, actions, http }: Pick<ReloadOptions, "metricsCompat" | "actions" | "http">,
  readings: CompatReadings,
): ReloadMetrics {
  switch (metricsCompat) {
    case "none":
      return own;
    case "prometheus-config-reloader":
      return withReloaderNames(own, metrics, actions, readings);
    case "configmap-reload":
      return withWebhookNames(own, metrics, { ...readings, isSuccess: http.isSuccess });
  }
}

function withReloaderNames(
  own: ReloadMetrics,
  metrics: Metrics,
  actions: ReloadOptions["actions"],
  { facts, sources, watchEvents }: CompatReadings,
): ReloadMetrics {
  const gauge = (name: string, help: string, read: () => number | undefined) =>
    metrics.gauge({ name: `reloader_${name}`, help, collect: () => series(read()) });
  const counter = (name: string, help: string) =>
    metrics.counter({ name: `reloader_${name}`, help });
  const reloads = counter("reloads_total", "Reload requests");
  const failures = counter("reloads_failed_total", "Reload requests that failed");
  gauge(
    "last_reload_successful",
    "Whether the last reload attempt was successful",
    () => facts.lastAttemptMs === undefined ? undefined : facts.lastReloadOk ? 1 : 0,
  );
  gauge(
    "last_reload_success_timestamp_seconds",
    "When the last successful reload was",
    () => facts.lastSuccessMs === undefined ? undefined : facts.lastSuccessMs / 1000,
  );
  const applies = counter("config_apply_operations_total", "Configurations applied");
  const applyFailures = counter(
    "config_apply_operations_failed_total",
    "Configurations that could not be",
  );
  gauge(
    "config_environment_variable_expansion_errors",
    "Variables that were not set",
    () => facts.envsubstMissing,
  );
  const method = actions.some((name) => name === "process" || name === "signal")
    ? "signal"
    : "http";
  metrics.gauge({ name: "reloader_info", help: "How reloads are sent", labels: ["method"] })
    .set(1, [method]);
  gauge("watches", "Sources that are watched", () => sources.flatMap((one) => one.status()).length);
  metrics.counter({
    name: "reloader_watch_events_total",
    help: "Events of watches",
    collect: () => series(watchEvents()),
  });
  const watchErrors = counter("watch_errors_total", "Errors of watches");
  return {
    ...own,
    reloaded(...told) {
      own.reloaded(...told);
      reloads.inc();
    },
    reloadFailed(...told) {
      own.reloadFailed(...told);
      reloads.inc();
      failures.inc();
    },
    written(seconds) {
      own.written(seconds);
      applies.inc();
    },
    writeFailed(reason) {
      own.writeFailed(reason);
      applies.inc();
      applyFailures.inc();
    },
    watchFailed() {
      own.watchFailed();
      watchErrors.inc();
    },
  };
}

function withWebhookNames(
  own: ReloadMetrics,
  metrics: Metrics,
  { isSuccess }: CompatReadings & { readonly isSuccess: (status: number) => boolean },
): ReloadMetrics {
  const name = (text: string) => `configmap_reload_${text}`;
  const webhook = ["webhook"] as const;
  const lastError = metrics.gauge({
    name: name("last_reload_error"),
    help: "Whether the last reload resulted in an error (1 for error, 0 for success)",
    labels: webhook,
  });
  const duration = metrics.gauge({
    name: name("last_request_duration_seconds"),
    help: "Duration of the last webhook request",
    labels: webhook,
  });
  const successes = metrics.counter({
    name: name("success_reloads_total"),
    help: "Reload calls that succeeded",
    labels: webhook,
  });
  const errors = metrics.counter({
    name: name("request_errors_total"),
    help: "Request errors by reason",
    labels: ["webhook", "reason"],
  });
  const watchErrors = metrics.counter({
    name: name("watcher_errors_total"),
    help: "Errors of the file watcher",
  });
  const requests = metrics.counter({
    name: name("requests_total"),
    help: "Requests by status code",
    labels: ["webhook", "status_code"],
  });
  /** Targets whose last request failed. */
  const failing = new Set<string>();
  return {
    ...own,
    requested(report: TargetReport) {
      own.requested(report);
      const { url, status, seconds } = report;
      const isGood = status !== undefined && isSuccess(status);
      duration.set(seconds, [url]);
      lastError.set(isGood ? 0 : 1, [url]);
      if (status !== undefined) requests.inc([url, String(status)]);
      if (isGood) {
        failing.delete(url);
        successes.inc([url]);
        return;
      }
      failing.add(url);
      errors.inc([url, status === undefined ? "client_request_do" : "client_response"]);
    },
    gaveUp() {
      own.gaveUp();
      for (const url of failing) errors.inc([url, "retries_exhausted"]);
    },
    watchFailed() {
      own.watchFailed();
      watchErrors.inc();
    },
  };
}

function series(value: number | undefined): readonly NumberSeries[] {
  return value === undefined ? [] : [{ labelValues: [], value }];
}
