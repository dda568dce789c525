/**
 * The server in one piece, for the command and for tests: makes the parts, starts them in the order of
 * serve-config.md 2.5 and stops them in the order of section 13.
 */

import { exactRoutes } from "#lib/http/exact_routes.ts";
import { exposition, liveness, readiness } from "#lib/http/admin.ts";
import { plain } from "#lib/http/plain.ts";
import { startServer } from "#lib/http/server.ts";
import type { RunningServer } from "#lib/http/server.ts";
import type { Logger } from "#lib/log/logger.ts";
import { Metrics } from "#lib/metrics/metrics.ts";
import { registerProcessMetrics } from "#lib/metrics/process_metrics.ts";
import type { ProcessReadings } from "#lib/metrics/process_metrics.ts";
import { sleep } from "#lib/run/clock.ts";
import type { Clock } from "#lib/run/clock.ts";
import { createLifecycle } from "#lib/run/lifecycle.ts";
import type { Lifecycle } from "#lib/run/lifecycle.ts";
import { createCacheMetrics } from "./cache_metrics.ts";
import { ConfigCache } from "./cache.ts";
import { createLoader } from "./loader.ts";
import type { ServeConfigOptions } from "./options.ts";
import { createRequestReport } from "./request_report.ts";
import { createRequestMetrics } from "./request_metrics.ts";
import { createRoutes } from "./routes.ts";
import { Generations } from "./refresh/generations.ts";
import { Refresher } from "./refresh/refresher.ts";
import type { Upstream } from "./upstream.ts";

/** What the server needs of its surroundings. */
export interface AppDeps {
  /** Where objects come from. */
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1). */
  readonly random: () => number;
  readonly readings: ProcessReadings;
}

/** Bound addresses of a started server. */
export interface AppAddresses {
  readonly application: RunningServer["address"];
  readonly health: RunningServer["address"];
  readonly metrics: RunningServer["address"];
}

/** The server. */
export interface ServeConfigApp {
  /**
   * Starts everything; resolves when requests are answered.
   *
   * @throws {Error} when a listener cannot be opened; what was started is stopped again
   */
  start(): Promise<AppAddresses>;
  /** Drains and stops; idempotent, never rejects. */
  stop(): Promise<void>;
  /** Forgets every entry, as for a change of unknown extent; returns how many were dropped. */
  refreshAll(): number;
}

/** Makes the server; nothing runs before `start`. */
export function createApp(options: ServeConfigOptions, deps: AppDeps): ServeConfigApp {
  const { clock, log, upstream } = deps;
  const lifecycle = createLifecycle({ deadlineMs: options.shutdownTimeoutMs }, deps);
  const metrics = new Metrics();
  registerProcessMetrics(metrics, deps.readings);
  reportProblems(options, { metrics, log });
  const generations = new Generations();
  const cache = new ConfigCache(options.cache, {
    load: createLoader(upstream, {
      timeoutMs: options.backendTimeoutMs,
      maxConcurrent: options.maxBackendInflight,
    }, deps),
    clock,
    random: deps.random,
    metrics: createCacheMetrics(metrics, { backend: upstream.kind }),
    generations,
  });
  const refresher = new Refresher({ spring: options.api !== "raw" }, {
    generations,
    stores: [cache],
    newId: () => crypto.randomUUID(),
    metrics,
    log,
  });
  const state = { ready: false };
  let stopped: Promise<void> | undefined;

  function listen(server: Parameters<typeof startServer>[0]): RunningServer["address"] {
    const running = startServer(server, { log });
    lifecycle.defer(`${server.name} listener`, (deadline) => running.stop(deadline));
    return running.address;
  }

  async function start(): Promise<AppAddresses> {
    const health = listen({
      name: "health",
      address: options.health,
      handler: exactRoutes({
        [options.health.path]: () => plain("health ok"),
        "/livez": liveness,
        "/readyz": () =>
          readiness({
            listener: () => listenerCheck(state),
            ...(upstream.check && { backend: upstream.check }),
          }),
      }),
    });
    await startWatching(
      lifecycle,
      (signal) =>
        upstream.watch(
          (change) => void refresher.invalidate({ source: "watch", target: { change } }),
          signal,
        ),
    );
    const metricsAddress = listen({
      name: "metrics",
      address: options.metrics,
      handler: exactRoutes({ [options.metrics.path]: (request) => exposition(request, metrics) }),
    });
    const application = listen({
      name: "application",
      address: options.listen,
      handler: createRoutes({ ...options, variants: options.api !== "raw" }, {
        cache,
        clock,
        onAnswered: createRequestReport({
          logged: !["warn", "error"].includes(options.log.level),
          sample: createRequestMetrics(metrics, options.metrics),
        }, { log, clock }),
        onLoadFailed: (key, reason) => log.warn("load failed", { key, err: reason }),
      }),
    });
    state.ready = true;
    return { application, health, metrics: metricsAddress };
  }

  async function stop(): Promise<void> {
    state.ready = false;
    if (options.shutdownDelayMs > 0) await sleep(options.shutdownDelayMs, { clock });
    await lifecycle.stop();
  }

  return {
    async start() {
      try {
        return await start();
      } catch (error) {
        await lifecycle.stop();
        throw error;
      }
    },
    stop: () => stopped ??= stop(),
    refreshAll: () => refresher.invalidate({ source: "signal", target: { destination: "**" } }),
  };
}

function listenerCheck({ ready }: { readonly ready: boolean }) {
  if (ready) return { status: "ok" } as const;
  return { status: "fail", detail: "the application listener is not open" } as const;
}

async function startWatching(
  lifecycle: Lifecycle,
  watch: (signal: AbortSignal) => Promise<{ readonly finished: Promise<void> }>,
): Promise<void> {
  const stopWatching = new AbortController();
  const { finished } = await watch(stopWatching.signal);
  lifecycle.defer("backend watch", async () => {
    stopWatching.abort();
    await finished;
  });
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
