/**
 * The launcher's half of the strict sandbox. It starts the worker, gives up every permission, and from then
 * on only passes on signals and the exit code. It must never work for the command: what it could do for it is
 * a hole in the fence.
 */

import type { ExtraSignal, RunContext } from "./context.ts";
import { toWorkerPermissions } from "./grants.ts";
import { PERMISSION_KINDS } from "./permissions.ts";
import type { PermissionHost, PermissionKind } from "./permissions.ts";
import { StopRequest } from "./stop_request.ts";
import type { StrictRun } from "./strict_sandbox.ts";
import type { LauncherMessage, WorkerMessage } from "./worker_messages.ts";

/** A worker as the launcher uses it; tests pass a fake. */
export interface WorkerPort {
  post(message: LauncherMessage): void;
  terminate(): void;
}

/** What the worker makes known. */
export interface WorkerEvents {
  onMessage(message: WorkerMessage): void;
  /** The worker is dead; the runtime has written the reason to stderr. */
  onFailure(reason: string): void;
}

/** What the launcher needs. */
export interface LauncherDeps {
  readonly permissions: PermissionHost;
  readonly context: Pick<RunContext, "signal" | "onSignal">;
  startWorker(
    permissions: Record<PermissionKind, string[] | false>,
    events: WorkerEvents,
  ): WorkerPort;
}

/**
 * Runs a command in a worker with exactly `run.grants`.
 *
 * @returns the worker's exit code
 * @throws {Error} when the worker cannot be started, or dies without an exit code
 */
export async function launchStrict(run: StrictRun, deps: LauncherDeps): Promise<number> {
  const { permissions, context } = deps;
  const exit = Promise.withResolvers<number>();
  const loaded = Promise.withResolvers<void>();
  const listeners = new Map<ExtraSignal, Disposable>();
  const fail = (reason: string) => exit.reject(new Error(`The strict sandbox failed: ${reason}`));
  const port = startWorker(run, deps, {
    onMessage(message) {
      if (message.kind === "loaded") return loaded.resolve();
      if (message.kind === "exit") return exit.resolve(message.code);
      if (message.kind === "ended") return fail("the worker ended without an exit code");
      listeners.get(message.name)?.[Symbol.dispose]();
      listeners.delete(message.name);
      if (!message.wanted) return;
      const { name } = message;
      listeners.set(name, context.onSignal(name, () => port.post({ kind: "signal", name })));
    },
    onFailure: fail,
  });
  const onStop = () => {
    const { reason } = context.signal;
    port.post({ kind: "stop", name: reason instanceof StopRequest ? reason.signal : "SIGTERM" });
  };
  exit.promise.catch(() => {/* it may fail when nobody waits for it any more */});
  try {
    // The worker's modules are read with the launcher's permission.
    for (const kind of PERMISSION_KINDS) if (kind !== "read") permissions.revoke(kind);
    await Promise.race([loaded.promise, exit.promise]);
    permissions.revoke("read");
    if (run.whenEnclosed !== undefined) return await run.whenEnclosed();
    port.post({ kind: "start", args: run.args, env: run.env, grants: run.grants });
    context.signal.addEventListener("abort", onStop, { once: true });
    if (context.signal.aborted) onStop();
    return await exit.promise;
  } finally {
    context.signal.removeEventListener("abort", onStop);
    for (const listener of listeners.values()) listener[Symbol.dispose]();
    port.terminate();
  }
}

function startWorker(run: StrictRun, deps: LauncherDeps, events: WorkerEvents): WorkerPort {
  try {
    return deps.startWorker(toWorkerPermissions(run.grants), events);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot start the strict sandbox: ${reason}`, { cause: error });
  }
}

/** Starts the module `entry` in a real worker. */
export function startRealWorker(entry: string): LauncherDeps["startWorker"] {
  return (permissions, { onMessage, onFailure }) => {
    const worker = new Worker(entry, { type: "module", name: "sandbox", deno: { permissions } });
    worker.addEventListener(
      "message",
      (event) => onMessage((event as MessageEvent<WorkerMessage>).data),
    );
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      onFailure(event.message);
    });
    return {
      post: (message) => worker.postMessage(message),
      terminate: () => worker.terminate(),
    };
  };
}
