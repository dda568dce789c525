/**
 * The process as the dispatcher sees it: arguments, environment, streams, signals, exit. With `main.ts` the
 * only place that touches them.
 */

import { systemClock } from "./clock.ts";
import type { RunContext, TextSink } from "./context.ts";

/** Signals that end a run. */
const STOP_SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** The running process, ready for the dispatcher. */
export interface ProcessHandle {
  readonly context: RunContext;
  /** Exit code when a second signal arrives during the drain. */
  setSecondSignalExitCode(code: number): void;
}

/** Takes the snapshot of the environment and starts listening to signals. */
export function openProcess(): ProcessHandle {
  const stopping = new AbortController();
  let secondSignalExitCode = 1;
  const onStop = () => {
    if (stopping.signal.aborted) Deno.exit(secondSignalExitCode);
    stopping.abort(new DOMException("The process was asked to stop", "AbortError"));
  };
  for (const name of STOP_SIGNALS) Deno.addSignalListener(name, onStop);
  const stderr = sinkOf(Deno.stderr);
  endOnFault(stderr);
  return {
    context: {
      env: Deno.env.toObject(),
      stdout: sinkOf(Deno.stdout),
      stderr,
      clock: systemClock,
      signal: stopping.signal,
      onSignal(name, listener) {
        Deno.addSignalListener(name, listener);
        return { [Symbol.dispose]: () => Deno.removeSignalListener(name, listener) };
      },
    },
    setSecondSignalExitCode(code) {
      secondSignalExitCode = code;
    },
  };
}

/** A fault that nobody caught ends the process with one line that says so, as any other error does. */
function endOnFault(stderr: TextSink): void {
  // Read now: the command may drop the permission later.
  const isDebugging = Boolean(Deno.env.get("KCFG_DEBUG"));
  const end = (event: Event, fault: unknown) => {
    event.preventDefault();
    const text = fault instanceof Error ? fault.message : String(fault);
    const stack = isDebugging && fault instanceof Error ? `\n${fault.stack}` : "";
    stderr.write(`kcfg: error: Fault of kcfg itself: ${text}${stack}\n`);
    Deno.exit(1);
  };
  globalThis.addEventListener("error", (event) => end(event, event.error));
  globalThis.addEventListener("unhandledrejection", (event) => end(event, event.reason));
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

function sinkOf(stream: typeof Deno.stdout): TextSink {
  const encoder = new TextEncoder();
  let broken = false;
  return {
    isTerminal: stream.isTerminal(),
    write(text) {
      if (broken) return;
      let rest = encoder.encode(text);
      try {
        while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
      } catch (error) {
        // A reader that went away (`kcfg … | head`) is success; nothing more can be said to it.
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
        broken = true;
      }
    },
  };
}
