/**
 * The process as the dispatcher sees it: arguments, environment, streams, signals, exit. With `main.ts` the
 * only place that touches them.
 */

import { systemClock } from "./clock.ts";
import { endOnFault } from "./fault.ts";
import { runtimePermissions } from "./permissions.ts";
import type { ProcessHandle } from "./process_handle.ts";
import { sparingClock } from "./sparing_clock.ts";
import { STOP_SIGNALS, StopRequest, type StopSignal } from "./stop_request.ts";
import { textSink } from "./text_sink.ts";

/**
 * Takes the snapshot of the environment and starts listening to signals; in a worker of the strict sandbox
 * waits for the launcher to pass them on.
 *
 * @param entry URL of `main.ts` (or of its bundle), which a worker runs again
 */
export async function openProcess(entry: string): Promise<ProcessHandle> {
  const opened = "WorkerGlobalScope" in globalThis
    ? await (await import("./strict_worker.ts")).openWorker()
    : openLauncher(entry);
  const { env, stderr } = opened.context;
  endOnFault({ stderr, isDebugging: Boolean(env["KCFG_DEBUG"]), exit: opened.exit });
  return opened;
}

/**
 * A command ends by returning. Until then the process lives, also when all it waits for is unreferenced. A
 * signal's timeout that somebody listens to holds the process as a timer does, but for the first `setTimeout`
 * the runtime loads modules that cost a quarter of an empty start.
 */
export function keepAlive(): void {
  AbortSignal.timeout(ONE_DAY_MS).addEventListener("abort", keepAlive, { once: true });
}

const ONE_DAY_MS = 24 * 3600_000;

function openLauncher(entry: string): ProcessHandle {
  const stopping = new AbortController();
  let secondSignalExitCode = 1;
  let onStopAgain: (() => void) | undefined;
  const onStop = (name: StopSignal) => {
    if (stopping.signal.aborted) {
      if (onStopAgain === undefined) Deno.exit(secondSignalExitCode);
      onStopAgain();
      return;
    }
    stopping.abort(new StopRequest(name));
  };
  for (const name of STOP_SIGNALS) Deno.addSignalListener(name, () => onStop(name));
  return {
    args: processArgs(),
    context: {
      env: Deno.env.toObject(),
      stdout: textSink(Deno.stdout),
      stderr: textSink(Deno.stderr),
      clock: sparingClock(systemClock),
      signal: stopping.signal,
      onSignal(name, listener) {
        Deno.addSignalListener(name, listener);
        return { [Symbol.dispose]: () => Deno.removeSignalListener(name, listener) };
      },
      onStopAgain(listener) {
        onStopAgain = listener;
        return { [Symbol.dispose]: () => void (onStopAgain = undefined) };
      },
    },
    strict: {
      kind: "launcher",
      async launch(run, context) {
        const { launchStrict, startRealWorker } = await import("./strict_launcher.ts");
        const startWorker = startRealWorker(entry);
        return await launchStrict(run, { permissions: runtimePermissions, context, startWorker });
      },
    },
    setSecondSignalExitCode(code) {
      secondSignalExitCode = code;
    },
    exit: exitProcess,
  };
}

/** Arguments without the `--` that `deno task` passes on. */
export function processArgs(): readonly string[] {
  const args = Deno.args;
  return args[0] === "--" ? args.slice(1) : args;
}

/** Ends the process at once. */
export function exitProcess(code: number): never {
  Deno.exit(code);
}
