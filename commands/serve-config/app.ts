/**
 * The server in one piece, for the command and for tests: starts the parts in the order of serve-config.md 2.5 and
 * stops them in the order of section 13.
 */

import { exposition } from "#lib/http/admin.ts";
import { exactRoutes } from "#lib/http/exact_routes.ts";
import { startServer } from "#lib/http/server.ts";
import type { Handler, RunningServer, ServerOptions } from "#lib/http/server.ts";
import { sleep } from "#lib/run/clock.ts";
import { createLifecycle } from "#lib/run/lifecycle.ts";
import type { Lifecycle } from "#lib/run/lifecycle.ts";
import { createApplicationHandler } from "./application_handler.ts";
import { createAccess } from "./auth/access.ts";
import type { NamedObjects } from "./auth/applications.ts";
import { checkSecretFile } from "./auth/secret_file.ts";
import { startBus } from "./bus/bus.ts";
import type { RunningBus } from "./bus/bus.ts";
import type { BusSettings } from "./bus/flags.ts";
import { createHealthHandler } from "./health_handler.ts";
import type { AppState } from "./health_handler.ts";
import type { ServeConfigOptions } from "./options.ts";
import { createParts } from "./parts.ts";
import type { AppDeps, AppParts } from "./parts.ts";
import { createAdminRoutes } from "./refresh/admin.ts";
import { createRingHandler } from "./ring_handler.ts";

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
  const traced = (handler: Handler) => tracer?.server(handler) ?? handler;
  const lifecycle = createLifecycle({ deadlineMs: options.shutdownTimeoutMs }, deps);
  const parts = createParts(options, deps);
  const { ring, refresher, upstream, metrics } = parts;
  const state: AppState = { phase: "starting", bus: undefined };
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

  async function start(): Promise<AppAddresses> {
    for (const path of [options.ring.secretFile, options.refresh.monitorSecretFile]) {
      if (path !== undefined) await checkSecretFile(path, deps);
    }
    lifecycle.defer("traces", () => tracer?.stop());
    const health = listen({
      name: "health",
      address: options.health,
      handler: createHealthHandler(options.health.path, parts, state),
    });
    const ringAddress = listen({
      name: "ring",
      address: options.ring.listen,
      handler: traced(createRingHandler(parts, { clock })),
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
      const bus = openBus(options.bus, { parts, deps, podName: options.podName });
      state.bus = bus;
      lifecycle.defer("bus", () => bus.stop());
    }
    const metricsAddress = listen({
      name: "metrics",
      address: options.metrics,
      handler: metricsHandler(options, { parts, deps }),
    });
    const access = await createAccess(options.auth, {
      ...deps,
      metrics,
      kube: options.kube,
      objects: await namedObjects(options),
    });
    lifecycle.defer("access", () => access.close());
    const stopping = new AbortController();
    const application = await listenForClients({
      name: "application",
      address: options.listen,
      handler: traced(
        createApplicationHandler(options, {
          parts,
          access,
          bus: state.bus,
          stopping: stopping.signal,
          deps,
        }),
      ),
    });
    lifecycle.defer("waiting clients", () => stopping.abort());
    state.phase = "serving";
    return { application, ring: ringAddress, health, metrics: metricsAddress };
  }

  async function stop(): Promise<void> {
    state.phase = "stopping";
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

/** What keys may name besides files and applications, which whoever may read has to be asked for. */
async function namedObjects(options: ServeConfigOptions): Promise<NamedObjects | undefined> {
  const { api, auth, backend } = options;
  if (backend.kind !== "kube" || api === "spring" || auth.methods.length === 0) return undefined;
  const { servedNamespaces } = await import("./kube/served_namespaces.ts");
  return { namespaces: await servedNamespaces(options), spring: api === "both" };
}

interface Made {
  readonly parts: AppParts;
  readonly deps: AppDeps;
}

function openBus(
  settings: BusSettings,
  { parts, deps, podName }: Made & { readonly podName: string | undefined },
): RunningBus {
  const { refresher, cache, metrics } = parts;
  return startBus(settings, {
    ...{ refresher, cache, metrics, clock: deps.clock, log: deps.log },
    random: deps.random,
    podName,
    async subscribe(subscription, subscriptionDeps) {
      const { subscribe } = await import("#lib/amqp/subscription.ts");
      return subscribe(subscription, subscriptionDeps);
    },
  });
}

function metricsHandler(options: ServeConfigOptions, { parts, deps }: Made): Handler {
  const { metrics, cache, refresher, ring } = parts;
  const scrape = exactRoutes({
    [options.metrics.path]: (request) => exposition(request, metrics),
  });
  if (!options.refresh.admin) return scrape;
  return createAdminRoutes(
    { cache, refresher, clock: deps.clock, ring: ring.current, shown: options.shown },
    scrape,
  );
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
