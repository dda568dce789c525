/**
 * The service in one piece, for the command and for tests: brings the source into the flags, then listens, prints,
 * writes and runs hooks, in the order of flags-watch.md 6. Stops in the reverse order.
 */

import { denoDirectoryAccess } from "#lib/flags/deno.ts";
import { readFileFlags } from "#lib/flags/file_flags.ts";
import type { FlagSet } from "#lib/flags/flag_set.ts";
import type { FlagSource } from "#lib/flags/source.ts";
import { Updater } from "#lib/flags/updater.ts";
import { lateHandler } from "#lib/http/late_handler.ts";
import { type Handler, type RunningServer, startServer } from "#lib/http/server.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Metrics } from "#lib/metrics/metrics.ts";
import { type ProcessReadings, registerProcessMetrics } from "#lib/metrics/process_metrics.ts";
import type { Clock } from "#lib/run/clock.ts";
import { createLifecycle } from "#lib/run/lifecycle.ts";
import { awaitDirectory } from "./awaited_directory.ts";
import type { EventStream } from "./event_stream.ts";
import { registerFlagMetrics } from "./flag_metrics.ts";
import { inferFlags, observeSource } from "./observed_source.ts";
import type { FlagsWatchOptions, HttpOptions } from "./options.ts";
import { type Outputs, startOutputs } from "./outputs/outputs.ts";

/** A source and what is known about the way to it. */
export interface AppSource {
  readonly source: FlagSource;
  /** Whether the API server answers; absent for sources that ask none. */
  readonly apiUp?: () => boolean;
  /** Resolves to the reason when a first read is refused, so that waiting would change nothing. */
  readonly refused?: Promise<unknown>;
  /** Lets go of what the source holds, after it has stopped. */
  readonly close?: () => Promise<void>;
}

/** What the service needs of its surroundings. */
export interface AppDeps {
  /** Declared, with the values of environment and command line. */
  readonly flags: FlagSet;
  /** `undefined` without a source. */
  readonly source: AppSource | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** The families of `/metrics`; the source may have its own in it already. */
  readonly metrics: Metrics;
  readonly readings: ProcessReadings;
  readonly stdout: { write(text: string): void };
  /** Environment for hooks. */
  readonly env: Readonly<Record<string, string>>;
  /** Called when static flags are settled. */
  readonly onSettled: () => void;
  /** Called when values are in force and served, just before the source is followed; with the bound address. */
  readonly onReady: (address: RunningServer["address"] | undefined) => void;
}

/** The service. */
export interface FlagsWatchApp {
  /**
   * Reads, listens and follows; resolves when all of it is done.
   *
   * @throws {Error} when a value is bad (unless that is only a warning), the source is not there or the address is
   * taken; what was started is stopped again
   */
  start(signal: AbortSignal): Promise<void>;
  /** Drains and stops; idempotent, never rejects. */
  stop(): Promise<void>;
  /** Reads the source now, whether it changed or not. */
  refresh(): Promise<void>;
}

const STOP_MS = 5000;
const MAX_EARLY = 1000;

/** Makes the service; nothing runs before `start`. */
export function createApp(options: FlagsWatchOptions, deps: AppDeps): FlagsWatchApp {
  const { flags, clock, log } = deps;
  const { http } = options;
  const lifecycle = createLifecycle({ deadlineMs: STOP_MS }, deps);
  const { metrics } = deps;
  registerProcessMetrics(metrics, deps.readings);
  const stopping = new AbortController();
  const state = { initialized: false, following: false };
  /** Comes with the routes: nobody can have missed an event before. */
  let stream: EventStream | undefined;
  const routes = http && lateHandler(() => loadRoutes(http));
  let outputs: Outputs | undefined;
  const updater = deps.source && new Updater(flags, observed(deps.source.source), {
    log,
    atomic: options.atomic,
    onRemove: options.onRemove,
    overridePolicy: options.overridePolicy,
    unknown: options.schema.kind === "infer" ? "ignore" : options.unknown,
  });
  const counters = registerFlagMetrics(metrics, {
    flags,
    updater,
    clock,
    version: deps.readings.version,
    streamClients: () => stream?.clients ?? 0,
    apiUp: deps.source?.apiUp,
  });
  lifecycle.defer("metrics", () => counters[Symbol.dispose]());

  function observed(source: FlagSource): FlagSource {
    return observeSource(source, {
      onSnapshot(snapshot) {
        counters.watchEvents.inc();
        if (options.schema.kind === "infer") inferFlags(flags, snapshot);
      },
      onError: () => counters.watchErrors.inc(),
    });
  }

  /** Names met before there were outputs to tell. */
  const early: (readonly ["removed" | "unknown", string])[] = [];
  for (const event of ["removed", "unknown"] as const) {
    updater?.addEventListener(event, (told) => {
      const name = told instanceof CustomEvent ? String(told.detail) : "";
      if (outputs !== undefined) outputs.tell(event, name);
      else if (early.length < MAX_EARLY) early.push([event, name]);
    });
  }

  async function initialize(signal: AbortSignal): Promise<void> {
    await readFileFlags(flags, denoDirectoryAccess.readFile);
    await awaitDirectory(options.source, { clock, signal });
    try {
      await updater?.initialize({ signal });
    } catch (err) {
      if (options.initErrors === "fail" || signal.aborted) throw err;
      log.warn("values refused at the start", { err });
    }
    // What the outside learns from now on is settled.
    flags.freeze();
    deps.onSettled();
    state.initialized = true;
  }

  async function listen(): Promise<RunningServer["address"] | undefined> {
    if (http === undefined || routes === undefined) return undefined;
    // Found now rather than at the first set.
    await readToken();
    const server = startServer({
      name: "flags",
      address: http.address,
      handler: routes.handle,
    }, { log });
    lifecycle.defer("listener", (deadline) => server.stop(deadline));
    return server.address;
  }

  async function loadRoutes(http: HttpOptions): Promise<Handler> {
    const [{ createRoutes }, { EventStream }] = await Promise.all([
      import("./routes.ts"),
      import("./event_stream.ts"),
    ]);
    stream = new EventStream(flags, { clock });
    return createRoutes(http, {
      ...{ flags, stream, metrics, counters, clock, log, readToken, status },
      stopping: stopping.signal,
      isAlive: () => !state.following || updater === undefined || updater.isRunning,
      checks: {
        flags: () =>
          state.initialized && !stopping.signal.aborted
            ? { status: "ok" }
            : { status: "fail", detail: stopping.signal.aborted ? "stopping" : "not read yet" },
      },
    });
  }

  async function readToken(): Promise<string | undefined> {
    const path = http?.tokenFile;
    if (path === undefined) return undefined;
    const bytes = await denoDirectoryAccess.readFile(path);
    const token = bytes === undefined ? "" : new TextDecoder().decode(bytes).trim();
    if (token === "") throw new Error(`Cannot read token file "${path}": absent or empty`);
    return token;
  }

  function status(): unknown {
    return {
      version: deps.readings.version,
      set: flags.name,
      seq: flags.seq,
      checksum: flags.checksum(),
      flags: flags.entries().length,
      refused: flags.entries().filter(({ error }) => error !== undefined).map(({ name }) => name),
      source: deps.source?.source.description ?? null,
      warnings: updater?.warnings ?? 0,
      errors: updater?.errors ?? 0,
      restartNeeded: [...updater?.restartNeeded ?? []],
      streamClients: stream?.clients ?? 0,
    };
  }

  async function start(signal: AbortSignal): Promise<void> {
    lifecycle.defer("source", async () => await deps.source?.close?.());
    await initialize(signal);
    const address = await listen();
    lifecycle.defer("streams", () => {
      stopping.abort();
      stream?.[Symbol.dispose]();
    });
    outputs = await startOutputs(options, { ...deps, counters });
    lifecycle.defer("outputs", () => outputs?.stop());
    for (const [event, name] of early.splice(0)) outputs.tell(event, name);
    // What changes from the first read on is found by the read that following begins with.
    deps.onReady(address);
    await updater?.start();
    lifecycle.defer("updater", async () => await updater?.[Symbol.asyncDispose]());
    state.following = true;
    await routes?.load();
  }

  let stopped: Promise<void> | undefined;
  return {
    async start(signal) {
      try {
        await start(signal);
      } catch (error) {
        await lifecycle.stop();
        stream?.[Symbol.dispose]();
        throw error;
      }
    },
    stop() {
      state.following = false;
      return stopped ??= lifecycle.stop();
    },
    refresh: async () => await updater?.refresh(),
  };
}
