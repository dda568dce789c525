/** Metrics of all resolvers of a process (resolve.md 8), under the names that kuberesolver had where it had one. */

import { formatMetrics } from "#lib/metrics/exposition.ts";
import { Metrics } from "#lib/metrics/metrics.ts";
import { type Clock, systemClock } from "#lib/run/clock.ts";
import type { Snapshot } from "./resolver.ts";
import { NO_COUNTS, type SourceCounts } from "./source_counts.ts";

const SYNC_BOUNDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What a delivery to gRPC was. */
export type DeliveryResult = "ok" | "empty" | "error";

/** Tells the metrics of one target. */
export interface TargetMetrics {
  /** A list went out. */
  published(snapshot: Snapshot): void;
  /** Where to ask for what only the engine knows. */
  follow(engine: FollowedEngine): void;
}

/** What is asked of an engine when somebody reads the metrics. */
export interface FollowedEngine {
  /** Last sign of life of the API server, ms since the epoch. */
  readonly lastContactMs: number | undefined;
  /** How often it had to begin anew, and why. */
  readonly counts: SourceCounts;
}

interface Known {
  snapshot: Snapshot | undefined;
  lastUpdateMs: number;
  engine: FollowedEngine;
  readonly startMs: number;
  readonly deliveries: Record<DeliveryResult, number>;
}

/** Numbers by target; a target's series go with its last resolver. */
export class ResolverMetrics {
  readonly #metrics = new Metrics();
  readonly #targets = new Map<string, Known>();
  readonly #clock: Clock;
  readonly #sync;

  /** `clock` is for the age of the last contact and the time to the first list. */
  constructor({ clock = systemClock }: { readonly clock?: Clock } = {}) {
    this.#clock = clock;
    this.#gauge(
      "kuberesolver_endpoints_total",
      "Endpoints known, in any state",
      (known) => known.snapshot?.list.endpoints.length ?? 0,
    );
    this.#gauge(
      "kuberesolver_addresses_total",
      "Addresses published last",
      (known) =>
        known.snapshot?.list.usable.reduce((sum, one) => sum + one.addresses.length, 0) ?? 0,
    );
    this.#gauge(
      "kuberesolver_client_last_update",
      "Time of the last published change",
      (known) => known.lastUpdateMs / 1000,
    );
    this.#gauge(
      "kcfg_resolver_slices",
      "Slices known",
      (known) => known.snapshot?.list.slices.length ?? 0,
    );
    this.#gauge(
      "kcfg_resolver_last_contact_seconds",
      "Time since the last sign of life of the API server",
      (known) => {
        const lastMs = known.engine.lastContactMs;
        return lastMs === undefined ? undefined : (this.#clock.now() - lastMs) / 1000;
      },
    );
    this.#metrics.counter({
      name: "kcfg_resolver_updates_total",
      help: "Deliveries to gRPC by result",
      labels: ["target", "result"],
      collect: () =>
        [...this.#targets].flatMap(([target, { deliveries }]) =>
          Object.entries(deliveries).map(([result, value]) => ({
            labelValues: [target, result],
            value,
          }))
        ),
    });
    this.#byReason(
      "kcfg_resolver_watch_restarts_total",
      "Watches opened again by reason",
      ({ watchRestarts }) => watchRestarts,
    );
    this.#byReason(
      "kcfg_resolver_relists_total",
      "Whole reads by reason",
      ({ relists }) => relists,
    );
    this.#metrics.counter({
      name: "kcfg_resolver_drift_total",
      help: "Differences that periodic reads found and watches had missed",
      labels: ["target"],
      collect: () =>
        [...this.#targets].map(([target, { engine }]) => ({
          labelValues: [target],
          value: engine.counts.drift,
        })),
    });
    this.#metrics.gauge({
      name: "kcfg_resolver_source",
      help: "Source in use",
      labels: ["target", "source"],
      collect: () =>
        [...this.#targets].flatMap(([target, { snapshot }]) =>
          ["endpointslices", "endpoints"].map((source) => ({
            labelValues: [target, source],
            value: Number(snapshot?.source === source),
          }))
        ),
    });
    this.#sync = this.#metrics.histogram({
      name: "kcfg_resolver_sync_duration_seconds",
      help: "Time from the start to the first published result",
      bounds: SYNC_BOUNDS,
    });
  }

  /** Metrics of a target that begins. */
  target(canonical: string): TargetMetrics {
    const known: Known = {
      snapshot: undefined,
      lastUpdateMs: 0,
      engine: { lastContactMs: undefined, counts: NO_COUNTS },
      startMs: this.#clock.monotonic(),
      deliveries: { ok: 0, empty: 0, error: 0 },
    };
    this.#targets.set(canonical, known);
    return {
      published: (snapshot) => {
        if (known.snapshot === undefined) {
          this.#sync.observe((this.#clock.monotonic() - known.startMs) / 1000);
        }
        known.snapshot = snapshot;
        known.lastUpdateMs = snapshot.observedAtMs;
      },
      follow(engine) {
        known.engine = engine;
      },
    };
  }

  /** Counts a delivery to a channel. */
  delivered(canonical: string, result: DeliveryResult): void {
    const known = this.#targets.get(canonical);
    if (known !== undefined) known.deliveries[result] += 1;
  }

  /** Forgets a target. */
  remove(canonical: string): void {
    this.#targets.delete(canonical);
  }

  /** All of it in Prometheus' text format. */
  text(): string {
    return formatMetrics(this.#metrics.families(), { openMetrics: false });
  }

  #byReason(
    name: string,
    help: string,
    read: (counts: SourceCounts) => Readonly<Record<string, number>>,
  ): void {
    this.#metrics.counter({
      name,
      help,
      labels: ["target", "reason"],
      collect: () =>
        [...this.#targets].flatMap(([target, { engine }]) =>
          Object.entries(read(engine.counts)).map(([reason, value]) => ({
            labelValues: [target, reason],
            value,
          }))
        ),
    });
  }

  #gauge(name: string, help: string, read: (known: Known) => number | undefined): void {
    this.#metrics.gauge({
      name,
      help,
      labels: ["target"],
      collect: () =>
        [...this.#targets].flatMap(([target, known]) => {
          const value = read(known);
          return value === undefined ? [] : [{ labelValues: [target], value }];
        }),
    });
  }
}
