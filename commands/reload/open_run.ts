/** The parts of one run, made and put together; nothing of it has read or written a version yet (reload.md 3). */

import type { Logger } from "#lib/log/logger.ts";
import { Metrics } from "#lib/metrics/metrics.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { RunContext } from "#lib/run/context.ts";
import { createActions } from "./actions/create_actions.ts";
import { startReaper } from "./background.ts";
import { Child } from "./child.ts";
import { createCollector } from "./collector.ts";
import { createSources } from "./create_sources.ts";
import { ApplyCycle } from "./cycle.ts";
import type { CycleEvent } from "./cycle_event.ts";
import { type FileOptions, makeParents } from "./disk/files.ts";
import type { Layout } from "./disk/layout.ts";
import { readState, writeState } from "./disk/state_file.ts";
import { createSymlinkLayout } from "./disk/symlink_layout.ts";
import { createReloadMetrics } from "./metrics.ts";
import type { ReloadMetrics } from "./reload_metrics.ts";
import type { ReloadOptions } from "./options.ts";
import { startsHooks } from "./permissions.ts";
import { forwardSignals, onFurtherStops } from "./signals_forwarding.ts";
import { type Source, StartFailure } from "./sources/source.ts";
import { newFacts, type RunFacts } from "./state.ts";
import { StateKeeper, stateOfRun } from "./state_keeper.ts";
import { Writer } from "./writer.ts";

/** What a run needs. */
export interface RunDeps {
  readonly context: RunContext;
  readonly log: Logger;
  readonly random: () => number;
}

/** How a run ends: asked to stop by `stop`, the application killed by `hurry`. */
export interface RunEnds {
  readonly signal: AbortSignal;
  readonly stop: () => void;
  readonly hurry: AbortController;
}

/** The parts of a run. */
export interface RunParts extends RunDeps, RunEnds {
  readonly clock: Clock;
  readonly sources: readonly Source[];
  readonly writer: Writer;
  readonly cycle: ApplyCycle;
  readonly facts: RunFacts;
  readonly metrics: ReloadMetrics;
  /** The application; `undefined` beside one in another container. */
  readonly child: Child | undefined;
  /** Environment for the application. */
  readonly childEnv: () => Readonly<Record<string, string>>;
  /** Tells the cluster, where that is asked for. */
  readonly announce: (event: CycleEvent) => void;
  /** Asks the sources, writes and tells the application again; resolves when it has heard. */
  readonly force: (reason?: "forced" | "resync") => Promise<void>;
}

/**
 * Makes the parts and takes over the directory; `cleanup` ends them.
 *
 * @throws {Error} when the directory, the API server or an address cannot be had
 */
export async function openRun(
  options: ReloadOptions,
  deps: RunDeps & RunEnds,
  cleanup: AsyncDisposableStack,
): Promise<RunParts> {
  const { context, log, stop, hurry } = deps;
  const { clock } = context;
  const env = withOrdinal(context.env, options.ordinalVariable);
  const child = options.child === undefined ? undefined : new Child(options.child, { clock, log });
  cleanup.use(forwardSignals(context, child, stop));
  cleanup.use(onFurtherStops(context, child, options, hurry));
  const facts = newFacts();
  const shownMetrics = new Metrics();
  const { sources, close } = await createSources(options, { clock, log, metrics: shownMetrics });
  cleanup.defer(close);
  const { writer, layout, keeper } = await openDirectory(options, {
    clock,
    log,
    env,
    facts,
    sources,
  });
  cleanup.defer(() => keeper?.close());
  const metrics = createReloadMetrics(shownMetrics, options, { facts, sources, child });
  const childEnv = () => ({
    ...env,
    KCFG_CONFIG_ROOT: options.configRoot,
    KCFG_CONFIG_HASH: facts.hash,
  });
  const actions = await createActions(options, {
    ...{ clock, log, env, child },
    restart: async () => await child?.restart(childEnv(), hurry.signal),
    onRequest(report) {
      metrics.requested(report);
      log.debug("reload request", { ...report });
    },
  });
  const announcer = options.events
    ? await import("./kube_events.ts").then((lib) =>
      lib.createAnnouncer(options, { clock, log, env })
    )
    : undefined;
  cleanup.defer(() => announcer?.close());
  const announce = (event: CycleEvent) => announcer?.announce(event);
  const cycle = new ApplyCycle(options, {
    ...{ clock, log, env, writer, actions, facts, metrics, announce },
    random: deps.random,
    parts: () => sources.flatMap((source) => source.parts()),
    removeOld: async (...rest) => await layout?.removeOld(...rest) ?? false,
    save: () => keeper?.save(),
  });
  const force = async (reason: "forced" | "resync" = "forced") => {
    const problem = await refreshAll(sources, deps.signal);
    // Also with what is known already: what was changed on the disk is put right, the application is told.
    await cycle.force(reason);
    if (problem !== undefined) throw problem;
  };
  if (options.listen !== undefined) {
    const { startService } = await import("./start_service.ts");
    startService(options, cleanup, {
      ...{ facts, sources, child, metrics: shownMetrics, clock, force, log },
      visible: () => writer.visible,
      quit: stop,
    });
  }
  if (options.sidecarHealth !== undefined) {
    const { startSidecarHealth } = await import("./compat/sidecar_health.ts");
    startSidecarHealth(options.sidecarHealth, cleanup, { facts, log });
  }
  if (Deno.pid === 1 || child !== undefined || startsHooks(options)) {
    startReaper(cleanup, { clock, log, context, child, reaped: metrics.reaped });
  }
  return {
    ...deps,
    ...{ clock, sources, writer, cycle, facts, metrics, child, childEnv, announce, force },
  };
}

/** A source that says nothing for so long is not waited for. Milliseconds. */
const REFRESH_LIMIT_MS = 5000;

/** Has all sources look again; why one of them could not, `undefined` when all could. */
async function refreshAll(
  sources: readonly Source[],
  signal: AbortSignal,
): Promise<Error | undefined> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(REFRESH_LIMIT_MS)]);
  const outcomes = await Promise.allSettled(sources.map((source) => source.refresh(limit)));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed === undefined) return undefined;
  const reason = failed.reason instanceof Error ? failed.reason.message : String(failed.reason);
  return new Error(`A source could not be asked, what was known counts: ${reason}`, {
    cause: failed.reason,
  });
}

/** Takes over the directory and what the run before has left of itself in it. */
async function openDirectory(
  options: ReloadOptions,
  { clock, log, env, facts, sources }: {
    readonly clock: Clock;
    readonly log: Logger;
    readonly env: Readonly<Record<string, string>>;
    readonly facts: RunFacts;
    readonly sources: readonly Source[];
  },
) {
  const { configRoot } = options;
  const layout: Layout | undefined = options.writes
    ? await openLayout(options, {
      ...{ clock, log },
      claim: async () => await keeper?.saveNow(),
    })
    : undefined;
  const urlKeys = options.urlKeys && (await import("./payload/url_keys.ts"))
    .createUrlKeys(options.urlKeys, { clock, log });
  const writer = new Writer(options, {
    ...{ layout, urlKeys, clock, log, env },
    ...createCollector({ clock, log }),
  });
  const keeper: StateKeeper | undefined = layout && new StateKeeper({
    ...{ clock, log, facts },
    write: () =>
      writeState(configRoot, stateOfRun({ layout, writer, facts, sources }), {
        sync: options.files.fsync,
      }),
  });
  const saved = layout === undefined ? undefined : readState(configRoot);
  await writer.open(saved);
  if (saved !== undefined) {
    facts.lastReloadHash = saved.lastReloadHash ?? undefined;
    // It may have been told of what was written last, and may have taken it, whether that run still noted it or not.
    facts.lastReloadOk = saved.lastReloadOk && saved.lastReloadHash === saved.hash;
  }
  return { layout, writer, keeper };
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
  makeRoot(root, files);
  if (options.layout === "flat") {
    const { createFlatLayout } = await import("./disk/flat_layout.ts");
    const keepsEarlier = options.rollback;
    return createFlatLayout(root, { files, keepsEarlier, now: () => clock.now(), claim });
  }
  return createSymlinkLayout(root, files, { now: () => clock.now(), log });
}

function makeRoot(root: string, files: FileOptions): void {
  try {
    makeParents("", `${root.slice(1)}/`, files);
    if (!Deno.statSync(root).isDirectory) throw new Error("it is no directory");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartFailure(`Cannot make the directory "${root}": ${reason}`, [
      "name another one with --configroot, or make it writable",
    ], { cause: error });
  }
}

/** compat: prometheus-config-reloader gives the ordinal of a StatefulSet's pod to its templates. */
function withOrdinal(
  env: Readonly<Record<string, string>>,
  variable: string,
): Readonly<Record<string, string>> {
  const [digits] = /\d+$/.exec(env[variable] ?? "") ?? [];
  return digits === undefined ? env : { ...env, STATEFULSET_ORDINAL_NUMBER: digits };
}
