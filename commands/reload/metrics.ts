/** Metrics of reload under its own names (reload.md 11.1). */

import type { Metrics } from "#lib/metrics/metrics.ts";
import { VERSION } from "#lib/run/version.ts";
import type { Child } from "./child.ts";
import { withCompatMetrics } from "./metrics_compat.ts";
import type { ReloadOptions } from "./options.ts";
import type { ReloadMetrics } from "./reload_metrics.ts";
import { shortHash } from "./payload/payload.ts";
import type { Source } from "./sources/source.ts";
import type { RunFacts } from "./state.ts";

/** What is read when somebody asks. */
export interface ReloadReadings {
  readonly facts: RunFacts;
  readonly sources: readonly Source[];
  readonly child: Child | undefined;
}

const WRITE_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const RELOAD_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Registers all of them. */
export function createReloadMetrics(
  metrics: Metrics,
  options: ReloadOptions,
  { facts, sources, child }: ReloadReadings,
): ReloadMetrics {
  const { child: childOptions, actions } = options;
  const gauge = (
    name: string,
    help: string,
    read: () => number | undefined,
    labels: Readonly<Record<string, string>> = {},
  ) =>
    metrics.gauge({
      name: `kcfg_reload_${name}`,
      help,
      labels: Object.keys(labels),
      collect: () => {
        const value = read();
        return value === undefined ? [] : [{ labelValues: Object.values(labels), value }];
      },
    });
  const counter = (name: string, help: string, labels: readonly string[] = []) =>
    metrics.counter({ name: `kcfg_reload_${name}`, help, labels });
  const histogram = (name: string, help: string, bounds: readonly number[]) =>
    metrics.histogram({ name: `kcfg_reload_${name}`, help, bounds });

  gauge("info", "What runs", () => 1, {
    version: VERSION,
    mode: childOptions === undefined ? "sidecar" : "subprocess",
    action: actions.join(","),
  });
  metrics.gauge({
    name: "kcfg_reload_config_hash_info",
    help: "Short hash of the visible version",
    labels: ["hash"],
    collect: () => facts.hash === "" ? [] : [{ labelValues: [shortHash(facts.hash)], value: 1 }],
  });
  metrics.gauge({
    name: "kcfg_reload_source_present",
    help: "Whether the source is there",
    labels: ["kind", "namespace", "name"],
    collect: () =>
      sources.flatMap((source) => source.status()).map(({ kind, namespace, name, present }) => ({
        labelValues: [kind, namespace, name],
        value: present ? 1 : 0,
      })),
  });
  metrics.gauge({
    name: "kcfg_reload_source_last_contact_timestamp_seconds",
    help: "When the source was heard from",
    labels: ["kind", "namespace", "name"],
    collect: () =>
      sources.flatMap((source) => source.status()).flatMap(({ lastContact, ...source }) =>
        lastContact === undefined ? [] : [{
          labelValues: [source.kind, source.namespace, source.name],
          value: lastContact / 1000,
        }]
      ),
  });
  gauge(
    "api_up",
    "Whether every source can be followed",
    () =>
      sources.flatMap((source) => source.status()).every(({ error }) => error === undefined)
        ? 1
        : 0,
  );
  gauge(
    "pending",
    "Whether what is wanted is not on the disk yet, or not heard of",
    () => isPending(facts) ? 1 : 0,
  );
  gauge(
    "last_reload_successful",
    "Whether the last reload was",
    () => facts.lastAttemptMs === undefined ? undefined : facts.lastReloadOk ? 1 : 0,
  );
  gauge(
    "last_reload_success_timestamp_seconds",
    "When a reload was successful last",
    () => facts.lastSuccessMs === undefined ? undefined : facts.lastSuccessMs / 1000,
  );
  gauge(
    "last_reload_attempt_timestamp_seconds",
    "When a reload was tried last",
    () => facts.lastAttemptMs === undefined ? undefined : facts.lastAttemptMs / 1000,
  );
  gauge("rolled_back", "Whether the version before is in use", () => facts.isRolledBack ? 1 : 0);
  gauge("envsubst_missing", "Variables that were not set", () => facts.envsubstMissing);
  gauge(
    "child_up",
    "Whether the application runs",
    () => child === undefined ? undefined : child.isRunning ? 1 : 0,
  );
  metrics.counter({
    name: "kcfg_reload_child_restarts_total",
    help: "Restarts of the application",
    collect: () => child === undefined ? [] : [{ labelValues: [], value: child.restarts }],
  });
  const writes = counter("writes_total", "Versions written");
  const writeFailures = counter("write_failures_total", "Versions that could not be", ["reason"]);
  const writeSeconds = histogram("write_duration_seconds", "Building to switch", WRITE_BOUNDS);
  const reloads = counter("reloads_total", "Reloads heard", ["action", "reason"]);
  const failures = counter("reload_failures_total", "Reloads that failed", [
    "action",
    "reason",
  ]);
  const reloadSeconds = histogram("reload_duration_seconds", "One reload run", RELOAD_BOUNDS);
  const told = histogram("change_to_reload_seconds", "Change to reload heard", RELOAD_BOUNDS);
  const refusals = counter("validation_failures_total", "Versions refused");
  const rollbacks = counter("rollbacks_total", "Roll-backs");
  let volumeChanges = 0;
  const watchEvents = () => {
    const byType = sumBy(metrics, "kcfg_kube_watch_events_total", 1);
    if (volumeChanges > 0) byType.set("SWAPPED", volumeChanges);
    return byType;
  };
  const collected = (name: string, help: string, label: string, read: () => Map<string, number>) =>
    metrics.counter({
      name: `kcfg_reload_${name}`,
      help,
      labels: [label],
      collect: () => [...read()].map(([text, value]) => ({ labelValues: [text], value })),
    });
  collected("watch_events_total", "Events of watches, SWAPPED for volumes", "type", watchEvents);
  collected(
    "watch_restarts_total",
    "Watches opened again",
    "reason",
    () => sumBy(metrics, "kcfg_kube_watch_restarts_total", 1),
  );
  const reaped = counter("reaped_processes_total", "Orphans reaped as PID 1");
  const own: ReloadMetrics = {
    written(seconds) {
      writes.inc();
      writeSeconds.observe(seconds);
    },
    writeFailed: (reason) => writeFailures.inc([reason]),
    refused: () => refusals.inc(),
    reloaded(action, reason, seconds) {
      reloads.inc([action, reason]);
      reloadSeconds.observe(seconds);
    },
    reloadFailed: (action, reason) => failures.inc([action, reason]),
    gaveUp() {},
    requested() {},
    volumeChanged: () => void (volumeChanges += 1),
    watchFailed() {},
    changeTold: (seconds) => told.observe(seconds),
    rolledBack: () => rollbacks.inc(),
    reaped: (count) => reaped.inc([], count),
  };
  return withCompatMetrics(own, metrics, options, {
    facts,
    sources,
    watchEvents: () => watchEvents().values().reduce((sum, count) => sum + count, 0),
  });
}

/** Whether something is wanted that is not on the disk, or not heard of: refused, barred and unwritten versions too. */
function isPending({ wantedHash, hash, lastReloadHash, lastReloadOk }: RunFacts): boolean {
  return wantedHash !== hash || hash !== lastReloadHash || !lastReloadOk;
}

/** Sums of a family over all labels but the one at `index`; empty without the family. */
function sumBy(metrics: Metrics, name: string, index: number): Map<string, number> {
  const sums = new Map<string, number>();
  const family = metrics.families().find((one) => one.name === name);
  if (family === undefined || family.type === "histogram") return sums;
  for (const { labelValues, value } of family.read()) {
    const label = labelValues[index] ?? "";
    sums.set(label, (sums.get(label) ?? 0) + value);
  }
  return sums;
}
