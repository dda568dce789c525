/**
 * The server in one piece, for the command and for tests: makes the parts, starts them in the order of
 * serve-config.md 2.5 and stops them in the order of section 13.
 */

import { exactRoutes } from "#lib/http/exact_routes.ts";
import { exposition, liveness, readiness } from "#lib/http/admin.ts";
import type { CheckResult } from "#lib/http/admin.ts";
import { plain } from "#lib/http/plain.ts";
import { startServer } from "#lib/http/server.ts";
import type { Handler, RunningServer, ServerOptions } from "#lib/http/server.ts";
import type { Logger } from "#lib/log/logger.ts";
import { Metrics } from "#lib/metrics/metrics.ts";
import { registerProcessMetrics } from "#lib/metrics/process_metrics.ts";
import type { ProcessReadings } from "#lib/metrics/process_metrics.ts";
import { sleep } from "#lib/run/clock.ts";
import type { Clock } from "#lib/run/clock.ts";
import { createLifecycle } from "#lib/run/lifecycle.ts";
import type { Lifecycle } from "#lib/run/lifecycle.ts";
import { createAccess } from "./auth/access.ts";
import { createLineReader } from "./auth/secret_file.ts";
import { startBus } from "./bus/bus.ts";
import type { RunningBus } from "./bus/bus.ts";
import { createCacheMetrics } from "./cache_metrics.ts";
import { ConfigCache } from "./cache.ts";
import { createForwarder, joinKey } from "./forward.ts";
import { createLoader } from "./loader.ts";
import type { ServeConfigOptions } from "./options.ts";
import { createRequestReport } from "./request_report.ts";
import { createRequestMetrics } from "./request_metrics.ts";
import { createPeerSecret } from "./ring/peer_secret.ts";
import { createRingMetrics } from "./ring/ring_metrics.ts";
import type { RingRoutesDeps } from "./ring/ring_routes.ts";
import { createRunningRing } from "./ring/start.ts";
import { createRoutes } from "./routes.ts";
import { createAdminRoutes } from "./refresh/admin.ts";
import { Generations } from "./refresh/generations.ts";
import { createMonitor } from "./refresh/monitor.ts";
import { Refresher } from "./refresh/refresher.ts";
import { createWatching } from "./refresh/watching.ts";
import type { Tracer } from "./tracing/tracer.ts";
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
  /** Absent where nothing is traced. */
  readonly tracer?: Tracer | undefined;
}

/** Bound addresses of a started server. */
export interface AppAddresses {
  readonly application: RunningServer["address"];
  readonly ring: RunningServer["address"];
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
  /** Replaces the members of the ring, for tests of the whole server. */
  setPeers(urls: readonly string[]): void;
}

/** Makes the server; nothing runs before `start`. */
export function createApp(options: ServeConfigOptions, deps: AppDeps): ServeConfigApp {
  const { clock, log, tracer } = deps;
  const upstream = tracer?.upstream(deps.upstream) ?? deps.upstream;
  const traced = (handler: Handler) => tracer?.server(handler) ?? handler;
  const lifecycle = createLifecycle({ deadlineMs: options.shutdownTimeoutMs }, deps);
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
  const state = { ready: false, bus: undefined as RunningBus | undefined };
  let stopped: Promise<void> | undefined;

  function listen(server: ServerOptions): RunningServer["address"] {
    return keep(server, startServer(server, { log }));
  }

  function keep(server: ServerOptions, running: RunningServer): RunningServer["address"] {
    lifecycle.defer(`${server.name} listener`, (deadline) => running.stop(deadline));
    return running.address;
  }

  async function listenForClients(server: ServerOptions): Promise<RunningServer["address"]> {
    const files = options.auth.tls;
    if (files === undefined) return listen(server);
    const { startTlsListener } = await import("./auth/tls_listener.ts");
    return keep(server, await startTlsListener(server, files, { log, clock }));
  }

  const onLoadFailed = (key: string, reason: unknown) =>
    log.warn("load failed", { key, err: reason });

  async function start(): Promise<AppAddresses> {
    lifecycle.defer("traces", () => tracer?.stop());
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
            ...(hasPeers && { discovery: () => ring.check() }),
            ...(state.bus !== undefined && { bus: () => state.bus?.check() ?? OK }),
          }),
      }),
    });
    const ringAddress = listen({
      name: "ring",
      address: options.ring.listen,
      handler: traced(ringHandler({
        cache,
        refresher,
        secret,
        metrics: ringMetrics,
        clock,
        // A key that Go sends is a path, whatever is in it.
        keyOf: (key, { isKcfg }) => isKcfg || !isHttp ? key : joinKey(key),
        onLoadFailed,
      })),
    });
    await startWatching(
      lifecycle,
      (signal) =>
        upstream.watch(
          (change) => void refresher.invalidate({ source: "watch", target: { change } }),
          signal,
        ),
    );
    ring.start(ringAddress.port);
    lifecycle.defer("ring", () => ring.stop());
    if (options.bus !== undefined) {
      const bus = startBus(options.bus, {
        ...{ refresher, cache, metrics, clock, log },
        random: deps.random,
        podName: options.podName,
        async subscribe(settings, subscriptionDeps) {
          const { subscribe } = await import("#lib/amqp/subscription.ts");
          return subscribe(settings, subscriptionDeps);
        },
      });
      state.bus = bus;
      lifecycle.defer("bus", () => bus.stop());
    }
    const scrape = exactRoutes({
      [options.metrics.path]: (request) => exposition(request, metrics),
    });
    const metricsAddress = listen({
      name: "metrics",
      address: options.metrics,
      handler: options.refresh.admin
        ? createAdminRoutes(
          { cache, refresher, clock, ring: ring.current, shown: options.shown },
          scrape,
        )
        : scrape,
    });
    const access = await createAccess(options.auth, { ...deps, metrics, kube: options.kube });
    lifecycle.defer("access", () => access.close());
    const stopping = new AbortController();
    const { monitorPath, monitorSecretFile, maxWaitMs } = options.refresh;
    const application = await listenForClients({
      name: "application",
      address: options.listen,
      handler: traced(createRoutes({
        ...options,
        legacyErrors: options.legacyErrors,
        variants: options.api !== "raw",
        variesByClient: access.deny !== undefined,
      }, {
        cache,
        clock,
        deny: access.deny,
        post: monitorPath === undefined ? undefined : createMonitor({ path: monitorPath }, {
          refresher,
          clock,
          readSecrets: monitorSecretFile === undefined
            ? undefined
            : createLineReader(monitorSecretFile, deps),
          deny: access.deny,
        }),
        forward: isHttp ? createForwarder(options.forward) : undefined,
        watch: createWatching({ maxWaitMs }, {
          generations,
          clock,
          stopping: stopping.signal,
        }),
        onAnswered: createRequestReport({
          logged: !["warn", "error"].includes(options.log.level),
          sample: options.metrics.requests
            ? createRequestMetrics(metrics, options.metrics)
            : undefined,
          traceId: tracer?.traceId,
        }, { log, clock }),
        onLoadFailed,
      })),
    });
    lifecycle.defer("waiting clients", () => stopping.abort());
    state.ready = true;
    return { application, ring: ringAddress, health, metrics: metricsAddress };
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
    setPeers: (urls) => ring.current()?.replace(urls),
  };
}

/** The ring's routes, loaded with the first request: a replica alone is asked for nothing. */
function ringHandler(deps: RingRoutesDeps): Handler {
  let loading: Promise<Handler> | undefined;
  return async (request, info) => {
    loading ??= import("./ring/ring_routes.ts").then((lib) => lib.createRingRoutes(deps));
    return await (await loading)(request, info);
  };
}

const OK: CheckResult = { status: "ok" };

function listenerCheck({ ready }: { readonly ready: boolean }): CheckResult {
  if (ready) return OK;
  return { status: "fail", detail: "the application listener is not open" };
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
