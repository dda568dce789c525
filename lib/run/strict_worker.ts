/**
 * The worker's half of the strict sandbox: a process handle whose arguments, environment and signals come by
 * message, and whose exit code leaves by one, because `Deno.exit` would end this isolate only.
 */

import { systemClock } from "./clock.ts";
import { sparingClock } from "./sparing_clock.ts";
import type { ExtraSignal } from "./context.ts";
import type { ProcessHandle } from "./process_handle.ts";
import { StopRequest } from "./stop_request.ts";
import { textSink } from "./text_sink.ts";
import type { LauncherMessage, WorkerMessage } from "./worker_messages.ts";

/** The launcher as the worker sees it; tests pass a fake. */
export interface LauncherPort {
  post(message: WorkerMessage): void;
  /** Sets the one receiver of messages. */
  receive(onMessage: (message: LauncherMessage) => void): void;
}

/** Tells the launcher that this isolate is loaded, and waits for its start message. */
export async function openWorker(port: LauncherPort = ownPort()): Promise<ProcessHandle> {
  const stopping = new AbortController();
  const listeners = new Map<ExtraSignal, Set<() => void>>();
  const started = Promise.withResolvers<Extract<LauncherMessage, { kind: "start" }>>();
  port.receive((message) => {
    if (message.kind === "start") return started.resolve(message);
    if (message.kind === "signal") {
      for (const listener of listeners.get(message.name) ?? []) listener();
      return;
    }
    stopping.abort(new StopRequest(message.name));
  });
  port.post({ kind: "loaded" });
  const { args, env, grants } = await started.promise;

  function onSignal(name: ExtraSignal, listener: () => void): Disposable {
    const set = listeners.get(name) ?? new Set();
    listeners.set(name, set);
    if (set.size === 0) port.post({ kind: "listen", name, wanted: true });
    set.add(listener);
    return {
      [Symbol.dispose]() {
        if (!set.delete(listener) || set.size > 0) return;
        port.post({ kind: "listen", name, wanted: false });
      },
    };
  }

  return {
    args,
    context: {
      env,
      stdout: textSink(Deno.stdout),
      stderr: textSink(Deno.stderr),
      clock: sparingClock(systemClock),
      signal: stopping.signal,
      onSignal,
    },
    strict: { kind: "worker", grants },
    // The launcher has the signals, and with them the second one.
    setSecondSignalExitCode() {},
    exit: (code) => port.post({ kind: "exit", code }),
  };
}

interface WorkerScope {
  postMessage(message: WorkerMessage): void;
  onmessage: ((event: MessageEvent<LauncherMessage>) => void) | null;
}

function ownPort(): LauncherPort {
  // The type library is that of the main isolate.
  const scope = globalThis as unknown as WorkerScope;
  // A package that calls `process.exit` would otherwise leave the launcher waiting for ever.
  globalThis.addEventListener("unload", () => scope.postMessage({ kind: "ended" }));
  return {
    post: (message) => scope.postMessage(message),
    receive(onMessage) {
      scope.onmessage = ({ data }) => onMessage(data);
    },
  };
}
