/** One run of reload: sources, files, application, service; started and stopped in order (reload.md 3, 9). */

import type { Logger } from "#lib/log/logger.ts";
import { Metrics } from "#lib/metrics/metrics.ts";
import { aborted } from "#lib/run/aborted.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { RunContext } from "#lib/run/context.ts";
import { createActions } from "./actions/create_actions.ts";
import { resync, startReaper } from "./background.ts";
import { Child, type ChildEnd } from "./child.ts";
import { createCollector } from "./collector.ts";
import { createSources } from "./create_sources.ts";
import { ApplyCycle } from "./cycle.ts";
import { StateKeeper, stateOfRun } from "./state_keeper.ts";
import type { Layout } from "./disk/layout.ts";
import { readState, writeState } from "./disk/state_file.ts";
import { createReloadMetrics } from "./metrics.ts";
import type { ReloadOptions } from "./options.ts";
import { forwardSignals, onFurtherStops } from "./signals_forwarding.ts";
import { newFacts, type RunFacts } from "./state.ts";
import { Writer } from "./writer.ts";

/** What a run needs. */
export interface AppDeps {
  readonly context: RunContext;
  readonly log: Logger;
  readonly random: () => number;
}

/** Exit status of a start that failed, and of a deletion that ends the run. */
const EXIT_FAILURE = 1;

/** Runs until stopped or until the application ends; resolves to the exit status. */
export async function runReload(options: ReloadOptions, deps: AppDeps): Promise<number> {
  const { context, log } = deps;
  const { clock } = context;
  const env = withOrdinal(context.env, options.ordinalVariable);
  await using cleanup = new AsyncDisposableStack();
  const stopping = new AbortController();
  const stop = () => stopping.abort(new DOMException("The run was asked to stop", "AbortError"));
  if (context.signal.aborted) return 0;
  context.signal.addEventListener("abort", stop, { once: true });
  cleanup.defer(() => context.signal.removeEventListener("abort", stop));
  const { signal } = stopping;

  const child = options.child === undefined ? undefined : new Child(options.child, { clock, log });
  cleanup.use(forwardSignals(context, child, stop));
  const hurry = new AbortController();
  cleanup.use(onFurtherStops(context, child, options, hurry));
  const facts = newFacts();
  const metrics = new Metrics();
  const opened = await createSources(options, { clock, log, metrics });
  const { sources } = opened;
  cleanup.defer(() => opened.close());
  const layout: Layout | undefined = options.writes
    ? await openLayout(options, {
      ...{ clock, log },
      claim: async () => await keeper?.saveNow(),
    })
    : undefined;
  const urlKeys = options.urlKeys && (await import("./payload/url_keys.ts"))
    .createUrlKeys(options.urlKeys, { clock, log });
  const writer = new Writer(options, {
    layout,
    urlKeys,
    clock,
    log,
    env,
    ...createCollector({ clock, log }),
  });
  const saved = layout === undefined ? undefined : await readState(options.configRoot);
  await writer.open(saved);
  if (saved !== undefined) {
    facts.lastReloadHash = saved.lastReloadHash ?? undefined;
    facts.lastReloadOk = saved.lastReloadOk;
  }
  const reloadMetrics = createReloadMetrics(metrics, options, { facts, sources, child });
  const childEnv = () => ({
    ...env,
    KCFG_CONFIG_ROOT: options.configRoot,
    KCFG_CONFIG_HASH: facts.hash,
  });
  const actions = await createActions(options, {
    ...{ clock, log, env, child },
    restart: async () => await child?.restart(childEnv(), hurry.signal),
    onRequest(report) {
      reloadMetrics.requested(report);
      log.debug("reload request", { ...report });
    },
  });
  const announcer = options.events
    ? await import("./kube_events.ts").then((lib) =>
      lib.createAnnouncer(options, { clock, log, env })
    )
    : undefined;
  if (announcer !== undefined) cleanup.defer(() => announcer.close());
  const keeper: StateKeeper | undefined = layout && new StateKeeper({
    ...{ clock, log, facts },
    write: () =>
      writeState(options.configRoot, stateOfRun({ layout, writer, facts, sources }), {
        sync: options.files.fsync,
      }),
  });
  cleanup.defer(() => keeper?.close());
  const cycle = new ApplyCycle(options, {
    ...{ clock, log, env, writer, actions, facts },
    random: deps.random,
    metrics: reloadMetrics,
    parts: () => sources.flatMap((source) => source.parts()),
    removeOld: async (...rest) => await layout?.removeOld(...rest) ?? false,
    announce: (event) => announcer?.announce(event),
    save: () => keeper?.save(),
  });
  const force = async () => {
    await Promise.all(sources.map((source) => source.refresh()));
    await cycle.force("forced");
  };
  if (options.listen !== undefined) {
    const { startService } = await import("./start_service.ts");
    startService(options, cleanup, {
      ...{ facts, sources, child, metrics, clock, force, log },
      visible: () => writer.visible,
      quit: stop,
    });
  }
  if (options.sidecarHealth !== undefined) {
    const { startSidecarHealth } = await import("./compat/sidecar_health.ts");
    startSidecarHealth(options.sidecarHealth, cleanup, { facts, log });
  }
  // A subreaper adopts orphans as PID 1 does; whether we are one, only the first orphan tells.
  if (Deno.pid === 1 || child !== undefined) {
    startReaper(cleanup, { clock, log, context, child, reaped: reloadMetrics.reaped });
  }

  try {
    await Promise.all(sources.map((source) => source.load(signal)));
    await cycle.first(signal);
  } catch (error) {
    // Asked to stop before anything was started.
    if (signal.aborted) return 0;
    throw error;
  }
  // Before there is an application that would be left behind by a signal nobody listens to.
  using _hup = context.onSignal("SIGHUP", () => {
    log.info("forced by signal");
    force().catch((err) => log.warn("forced reload failed", { err }));
  });
  const ended = Promise.withResolvers<ChildEnd>();
  if (child !== undefined) {
    child.onEnd = (end) => {
      afterEnd({ child, cycle, facts, options, clock, log, env: childEnv })
        .then((isRunning) => isRunning || ended.resolve(end), (error) => ended.reject(error));
    };
    child.start(childEnv());
  }
  facts.isReady = true;
  cycle.planStart();
  log.info("ready", { hash: facts.hash.slice(0, 12), files: writer.visible.size });
  if (options.once) {
    return await runOnce(cycle, { child, ended: ended.promise, options, signal, hurry });
  }

  let failure: string | undefined;
  const following = sources.map((source) =>
    source.follow({
      onChange(kind) {
        if (source.status().some(({ mode }) => mode === "volume")) reloadMetrics.volumeChanged();
        cycle.change(kind);
      },
      onFailure: () => reloadMetrics.watchFailed(),
      onForced: () =>
        void cycle.force("forced").catch((err) => log.warn("forced reload failed", { err })),
      onMissing(title) {
        const message = `${title} was deleted`;
        announcer?.announce({ reason: "ConfigSourceMissing", message, hash: facts.hash });
      },
      onEnd(reason) {
        failure = reason;
        stop();
      },
    }, signal)
  );
  const resyncing = resync(options, {
    clock,
    random: deps.random,
    signal,
    onDue: async () => {
      await Promise.all(sources.map((source) => source.refresh()));
      await cycle.force("resync");
    },
    log,
  });
  const cycling = cycle.run(signal);
  const outcome = await Promise.race([ended.promise, aborted(signal)]);
  facts.isStopping = true;
  stop();
  log.info("stopping");
  const end = outcome ?? await child?.stop(hurry.signal);
  await Promise.all([...following, cycling, resyncing]);
  log.info("stopped");
  if (failure !== undefined) {
    log.error("ended, the source is gone", { reason: failure });
    return EXIT_FAILURE;
  }
  return exitCodeOf(end, outcome !== undefined, options);
}

/** Whether the application runs again, with the version before the one it died of (reload.md 7.5). */
async function afterEnd(
  { child, cycle, facts, options, clock, log, env }: {
    readonly child: Child;
    readonly cycle: ApplyCycle;
    readonly facts: RunFacts;
    readonly options: ReloadOptions;
    readonly clock: Clock;
    readonly log: Logger;
    readonly env: () => Readonly<Record<string, string>>;
  },
): Promise<boolean> {
  const sinceMs = clock.now() - (facts.lastAttemptMs ?? -Infinity);
  const diedOfReload = options.rollback && !options.once && !facts.isStopping &&
    !facts.isRolledBack && sinceMs <= options.http.timeoutMs;
  if (!diedOfReload || !await cycle.goBack()) return false;
  log.warn("application died after a reload, it is started with the version before");
  child.restarts += 1;
  child.start(env());
  return true;
}

/** compat: prometheus-config-reloader gives the ordinal of a StatefulSet's pod to its templates. */
function withOrdinal(
  env: Readonly<Record<string, string>>,
  variable: string,
): Readonly<Record<string, string>> {
  const [digits] = /\d+$/.exec(env[variable] ?? "") ?? [];
  return digits === undefined ? env : { ...env, STATEFULSET_ORDINAL_NUMBER: digits };
}

function exitCodeOf(
  end: ChildEnd | undefined,
  byItself: boolean,
  { child, childExitZero }: ReloadOptions,
): number {
  if (end === undefined) return 0;
  if (byItself) return end.code === 0 ? childExitZero : end.code;
  // Ended by the signal it was sent: that was an orderly stop.
  return end.signal === child?.killSignal ? 0 : end.code;
}

async function runOnce(
  cycle: ApplyCycle,
  { child, ended, options, signal, hurry }: {
    readonly child: Child | undefined;
    readonly ended: Promise<ChildEnd>;
    readonly options: ReloadOptions;
    readonly signal: AbortSignal;
    readonly hurry: AbortController;
  },
): Promise<number> {
  if (child === undefined) {
    await cycle.runOnce(signal);
    return 0;
  }
  const outcome = await Promise.race([ended, aborted(signal)]);
  const end = outcome ?? await child.stop(hurry.signal);
  return exitCodeOf(end, outcome !== undefined, options);
}

async function openLayout(
  options: ReloadOptions,
  { clock, log, claim }: {
    readonly clock: Clock;
    readonly log: Logger;
    readonly claim: () => Promise<void>;
  },
): Promise<Layout> {
  const { configRoot: root, files } = options;
  await Deno.mkdir(root, { recursive: true });
  if (options.layout === "flat") {
    const { createFlatLayout } = await import("./disk/flat_layout.ts");
    return createFlatLayout(root, { files, claim });
  }
  const { createSymlinkLayout } = await import("./disk/symlink_layout.ts");
  return createSymlinkLayout(root, files, { now: () => clock.now(), log });
}
