/** One run of reload: the first version, the application, what follows, the stop, in order (reload.md 3, 9). */

import { aborted } from "#lib/run/aborted.ts";
import { resync } from "./background.ts";
import type { Child, ChildEnd } from "./child.ts";
import { openRun, type RunDeps, type RunParts } from "./open_run.ts";
import type { ReloadOptions } from "./options.ts";
import { shortHash } from "./payload/payload.ts";

/** Exit status of a start that failed, and of a deletion that ends the run. */
const EXIT_FAILURE = 1;

/** Runs until stopped or until the application ends; resolves to the exit status. */
export async function runReload(options: ReloadOptions, deps: RunDeps): Promise<number> {
  const { context, log } = deps;
  await using cleanup = new AsyncDisposableStack();
  const stopping = new AbortController();
  const stop = () => stopping.abort(new DOMException("The run was asked to stop", "AbortError"));
  if (context.signal.aborted) return 0;
  context.signal.addEventListener("abort", stop, { once: true });
  cleanup.defer(() => context.signal.removeEventListener("abort", stop));
  const { signal } = stopping;
  // Listened to from here on, or it would end a start; acted on once there is something to reload.
  let onHup = () => {};
  using _hup = context.onSignal("SIGHUP", () => onHup());
  const run = await openRun(
    options,
    { ...deps, signal, stop, hurry: new AbortController() },
    cleanup,
  );
  try {
    await Promise.all(run.sources.map((source) => source.load(signal)));
    await run.cycle.first(signal);
  } catch (error) {
    // Asked to stop before anything was started.
    if (signal.aborted) return 0;
    throw error;
  }
  onHup = () => {
    log.info("forced by signal");
    // Nothing is followed then, so there is nothing to ask or to write before.
    if (options.once) return run.child?.signal(options.reloadSignal);
    run.force().catch((err) => log.warn("forced reload failed", { err }));
  };
  const { child, cycle, facts, writer } = run;
  const ended = child === undefined
    ? Promise.withResolvers<ChildEnd>().promise
    : startApplication(child, options, run);
  facts.isReady = true;
  cycle.planStart();
  log.info("ready", { hash: shortHash(facts.hash), files: writer.visible.size });
  return await (options.once ? tellOnce : follow)(options, run, ended);
}

/** Starts the application; resolves when it has ended for good. */
function startApplication(
  child: Child,
  options: ReloadOptions,
  run: RunParts,
): Promise<ChildEnd> {
  const { promise, resolve, reject } = Promise.withResolvers<ChildEnd>();
  child.onEnd = (end) => {
    startAgain(child, options, run).then((isRunning) => isRunning || resolve(end), reject);
  };
  child.start(run.childEnv());
  return promise;
}

/** Whether the application runs again, with the version before the one it died of (reload.md 7.5). */
async function startAgain(
  child: Child,
  options: ReloadOptions,
  { cycle, facts, log, childEnv }: RunParts,
): Promise<boolean> {
  const diedOfReload = options.rollback && !options.once && !facts.isStopping &&
    !facts.isRolledBack && cycle.sinceToldMs <= options.http.timeoutMs;
  // It may be asked to stop while the files go back.
  if (!diedOfReload || !await cycle.goBack() || facts.isStopping) return false;
  log.warn("application died after a reload, it is started with the version before");
  child.restarts += 1;
  child.start(childEnv());
  return true;
}

/** `--once`: tells of the first version, and waits for the application where there is one. */
async function tellOnce(
  options: ReloadOptions,
  { sources, cycle, child, signal, hurry }: RunParts,
  ended: Promise<ChildEnd>,
): Promise<number> {
  if (child === undefined) {
    await cycle.runOnce(signal);
    return 0;
  }
  await Promise.all(sources.map((source) => source.close()));
  const outcome = await Promise.race([ended, aborted(signal)]);
  const end = outcome ?? await child.stop(hurry.signal);
  return exitCodeOf(end, outcome !== undefined, options);
}

/** Follows the sources until something ends it; then everything is stopped. */
async function follow(
  options: ReloadOptions,
  run: RunParts,
  ended: Promise<ChildEnd>,
): Promise<number> {
  const { cycle, child, facts, clock, log, random, signal, stop, hurry } = run;
  let failure: string | undefined;
  const following = followSources(run, (reason) => {
    failure = reason;
    stop();
  });
  const resyncing = resync(options, {
    ...{ clock, random, signal, log },
    onDue: () => run.force("resync"),
  });
  const cycling = cycle.run(signal);
  const outcome = await Promise.race([ended, aborted(signal)]);
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

function followSources(
  { sources, cycle, facts, metrics, log, announce, signal }: RunParts,
  onEnd: (reason: string) => void,
): readonly Promise<void>[] {
  return sources.map((source) =>
    source.follow({
      onEnd,
      onChange(kind) {
        if (source.status().some(({ mode }) => mode === "volume")) metrics.volumeChanged();
        cycle.change(kind);
      },
      onFailure: () => metrics.watchFailed(),
      onForced: () =>
        void cycle.force("forced").catch((err) => log.warn("forced reload failed", { err })),
      onMissing: (title) =>
        announce({
          reason: "ConfigSourceMissing",
          message: `${title} was deleted`,
          hash: facts.hash,
        }),
    }, signal)
  );
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
