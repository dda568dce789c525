/** What the server is made of before anything runs: backend, cache, ring, refresh, and the numbers about them. */

import type { Logger } from "#lib/log/logger.ts";
import { Metrics } from "#lib/metrics/metrics.ts";
import { registerProcessMetrics } from "#lib/metrics/process_metrics.ts";
import type { ProcessReadings } from "#lib/metrics/process_metrics.ts";
import type { Clock } from "#lib/run/clock.ts";
import { createLineReader } from "./auth/secret_file.ts";
import { createCacheMetrics } from "./cache/cache_metrics.ts";
import { ConfigCache } from "./cache/cache.ts";
import { createLoader } from "./upstream/loader.ts";
import type { ServeConfigOptions } from "./options.ts";
import { createPeerSecret } from "./ring/peer_secret.ts";
import type { PeerSecret } from "./ring/peer_secret.ts";
import { createRingMetrics } from "./ring/ring_metrics.ts";
import type { RingMetrics } from "./ring/ring_metrics.ts";
import { createRunningRing } from "./ring/start.ts";
import type { RunningRing } from "./ring/start.ts";
import { Generations } from "./refresh/generations.ts";
import { Refresher } from "./refresh/refresher.ts";
import type { Tracer } from "./tracing/tracer.ts";
import type { Upstream } from "./upstream/upstream.ts";

/** What the server needs of its surroundings. */
export interface AppDeps {
  /** Where objects come from. */
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1). */
  readonly random: () => number;
  readonly readings: ProcessReadings;
  /** Absent where nothing is traced. */
  readonly tracer?: Tracer | undefined;
}

/** The parts, made and not yet running. */
export interface AppParts {
  readonly upstream: Upstream;
  readonly metrics: Metrics;
  readonly generations: Generations;
  readonly secret: PeerSecret | undefined;
  readonly ring: RunningRing;
  readonly ringMetrics: RingMetrics;
  readonly cache: ConfigCache;
  readonly refresher: Refresher;
  /** Whether there may be other replicas to ask and to tell. */
  readonly hasPeers: boolean;
  /** Whether keys may carry parts of a request besides its path. */
  readonly isHttp: boolean;
  onLoadFailed(key: string, reason: unknown): void;
}

/** Makes them. */
export function createParts(options: ServeConfigOptions, deps: AppDeps): AppParts {
  const { clock, log, tracer } = deps;
  const upstream = tracer?.upstream(deps.upstream) ?? deps.upstream;
  const metrics = new Metrics();
  registerProcessMetrics(metrics, deps.readings);
  reportProblems(options, { metrics, log });
  // Every replica follows the same objects, so nobody owns any of them.
  const hasPeers = options.ring.discovery.kind !== "none" && options.backend.kind !== "kube";
  const isHttp = options.backend.kind === "http";
  const generations = new Generations();
  const ringMetrics = createRingMetrics(metrics);
  const secret = options.ring.secretFile === undefined
    ? undefined
    : createPeerSecret(createLineReader(options.ring.secretFile, deps), deps);
  const ring = createRunningRing(options.ring, {
    ...deps,
    metrics,
    ringMetrics,
    secret,
    traceHeaders: tracer?.headers,
    traceCall: tracer?.call,
    maxObjectBytes: options.maxObjectBytes,
    isPlainKey: (key) => !(isHttp || options.api !== "raw") || !key.includes("?"),
    kube: options.kube,
  });
  const cache = new ConfigCache({ ...options.cache, hot: options.ring.hot }, {
    load: createLoader(upstream, {
      timeoutMs: options.backendTimeoutMs,
      maxConcurrent: options.maxBackendInflight,
    }, deps),
    ...(hasPeers && options.cache.enabled && { askOwner: ring.askOwner }),
    clock,
    random: deps.random,
    metrics: createCacheMetrics(metrics, { backend: upstream.kind }),
    generations,
  });
  const refresher = new Refresher({ spring: options.api !== "raw" }, {
    generations,
    stores: [cache],
    spread: hasPeers ? ring.spread : undefined,
    newId: () => crypto.randomUUID(),
    metrics,
    log,
  });
  metrics.gauge({
    name: "kcfg_watch_waiters",
    help: "Clients that wait for a change",
    collect: () => [{ labelValues: [], value: generations.waiters }],
  });
  return {
    ...{ upstream, metrics, generations, secret, ring, ringMetrics, cache, refresher },
    hasPeers,
    isHttp,
    onLoadFailed: (key, reason) => log.warn("load failed", { key, err: reason }),
  };
}

function reportProblems(
  { problems, notices }: ServeConfigOptions,
  { metrics, log }: { readonly metrics: Metrics; readonly log: Logger },
): void {
  const errors = metrics.counter({
    name: "kcfg_config_errors_total",
    help: "Malformed variables whose default is used",
    labels: ["option"],
  });
  for (const { flag, variable, reason } of problems) {
    errors.inc([flag]);
    log.error("variable is malformed, the default is used", { option: flag, variable, reason });
  }
  for (const notice of notices) log.warn(notice);
}
