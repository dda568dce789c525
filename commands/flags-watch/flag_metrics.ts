/** Metrics of a set of flags and its source (flags-watch.md 9). Names that are not declared never become labels. */

import type { FlagSet } from "#lib/flags/flag_set.ts";
import type { FlagEntry, FlagUpdate } from "#lib/flags/flag_set_contract.ts";
import { Duration } from "#lib/flags/types/duration.ts";
import type { Updater } from "#lib/flags/updater.ts";
import type { Counter, Metrics, NumberSeries } from "#lib/metrics/metrics.ts";
import type { Clock } from "#lib/run/clock.ts";

/** What the metrics read. */
export interface FlagMetricsDeps {
  readonly flags: FlagSet;
  /** `undefined` without a source. */
  readonly updater: Updater | undefined;
  readonly clock: Clock;
  readonly version: string;
  readonly streamClients: () => number;
  /** Whether the API server answers; `undefined` when none is asked. */
  readonly apiUp: (() => boolean) | undefined;
}

/** Counters that others count on. */
export interface FlagCounters {
  /** Attempts to set over HTTP. */
  readonly sets: Counter;
  readonly hookRuns: Counter;
  readonly watchEvents: Counter;
  readonly watchErrors: Counter;
}

const MAX_FLAG_SERIES = 500;

/** Registers the families; `dispose` ends the counting. */
export function registerFlagMetrics(
  metrics: Metrics,
  deps: FlagMetricsDeps,
): FlagCounters & Disposable {
  const { flags, updater, version } = deps;
  registerValues(metrics, flags);
  metrics.gauge({
    name: "kcfg_flags_info",
    help: "Version and name of the set",
    labels: ["version", "set"],
    collect: () => [{ labelValues: [version, flags.name], value: 1 }],
  });
  metrics.gauge({
    name: "flagz_checksum",
    help: "Checksums of the set as labels; the value is 1",
    labels: ["set", "type", "checksum"],
    collect: () =>
      ["dynamic", "static"].map((type) => ({
        labelValues: [
          flags.name,
          type,
          flags.checksum(({ value }) => value.isDynamic === (type === "dynamic")),
        ],
        value: 1,
      })),
  });
  single(metrics, "kcfg_flags_stream_clients", "Clients of the event stream", deps.streamClients);
  const { apiUp } = deps;
  if (apiUp !== undefined) {
    single(metrics, "kcfg_flags_api_up", "Whether the API server answers", () => Number(apiUp()));
  }
  metrics.gauge({
    name: "kcfg_flags_restart_needed",
    help: "Static flags whose value in the source is not the one in force",
    labels: ["flag"],
    collect: () =>
      [...updater?.restartNeeded ?? []].slice(0, MAX_FLAG_SERIES)
        .map((name) => ({ labelValues: [name], value: 1 })),
  });
  metrics.counter({
    name: "kcfg_flags_warnings_total",
    help: "Different names in the source that no flag has",
    collect: () => [{ labelValues: [], value: updater?.warnings ?? 0 }],
  });
  metrics.counter({
    name: "kcfg_flags_listeners_failed_total",
    help: "Errors that listeners threw",
    collect: () => [{ labelValues: [], value: flags.listenerErrors }],
  });
  return { ...registerCounters(metrics), ...followUpdates(metrics, deps) };
}

function registerValues(metrics: Metrics, flags: FlagSet): void {
  const perFlag = (read: (entry: FlagEntry) => number | undefined) => () => {
    const series: NumberSeries[] = [];
    for (const entry of flags.entries()) {
      const value = read(entry);
      if (value !== undefined) series.push({ labelValues: [entry.name], value });
      if (series.length === MAX_FLAG_SERIES) break;
    }
    return series;
  };
  metrics.gauge({
    name: "kcfg_flags_value",
    help: "Value of flags that are numbers, booleans (0 or 1) or durations (seconds)",
    labels: ["flag"],
    collect: perFlag(({ value }) => value.isSecret ? undefined : numberOf(value.value)),
  });
  metrics.gauge({
    name: "kcfg_flags_changed",
    help: "Whether the value differs from the default",
    labels: ["flag"],
    collect: perFlag(({ value }) => Number(value.isChanged)),
  });
}

function registerCounters(metrics: Metrics): FlagCounters {
  return {
    sets: metrics.counter({
      name: "kcfg_flags_sets_total",
      help: "Attempts to set single flags, by source and result",
      labels: ["source", "result"],
    }),
    hookRuns: metrics.counter({
      name: "kcfg_flags_hook_runs_total",
      help: "Runs of hooks, by hook and result",
      labels: ["hook", "result"],
    }),
    watchEvents: metrics.counter({
      name: "kcfg_flags_watch_events_total",
      help: "Versions read from the source",
    }),
    watchErrors: metrics.counter({
      name: "kcfg_flags_watch_errors_total",
      help: "Times that the source could not be read or watched",
    }),
  };
}

function followUpdates(
  metrics: Metrics,
  { flags, updater, clock }: FlagMetricsDeps,
): Disposable {
  const updates = metrics.counter({
    name: "kcfg_flags_updates_total",
    help: "Updates from the source; partial: something refused, rejected: and nothing changed",
    labels: ["result"],
  });
  const errors = metrics.counter({
    name: "kcfg_flags_errors_total",
    help: "Refused values by flag",
    labels: ["flag"],
    maxSeries: MAX_FLAG_SERIES,
  });
  let last: { readonly atSeconds: number; readonly ok: boolean } | undefined;
  single(
    metrics,
    "kcfg_flags_last_update_timestamp_seconds",
    "Last update from the source, 0 before the first one",
    () => last?.atSeconds ?? 0,
  );
  single(
    metrics,
    "kcfg_flags_last_update_ok",
    "Whether nothing was refused in it",
    () => Number(last?.ok ?? true),
  );
  const stop = flags.onUpdate(({ rejected }) => {
    for (const { flag } of rejected) if (flags.has(flag)) errors.inc([flag]);
  });
  // Asked of the updater: what HTTP takes back comes from the configuration too, and is none of its updates.
  const onUpdate = (event: Event) => {
    const { changes, rejected } = (event as CustomEvent<FlagUpdate>).detail;
    const ok = rejected.length === 0;
    last = { atSeconds: clock.now() / 1000, ok };
    updates.inc([ok ? "ok" : changes.length > 0 ? "partial" : "rejected"]);
  };
  updater?.addEventListener("update", onUpdate);
  return {
    [Symbol.dispose]() {
      stop();
      updater?.removeEventListener("update", onUpdate);
    },
  };
}

function single(metrics: Metrics, name: string, help: string, read: () => number): void {
  metrics.gauge({ name, help, collect: () => [{ labelValues: [], value: read() }] });
}

function numberOf(value: unknown): number | undefined {
  if (value instanceof Duration) return value.seconds;
  return typeof value === "number" || typeof value === "boolean" || typeof value === "bigint"
    ? Number(value)
    : undefined;
}
