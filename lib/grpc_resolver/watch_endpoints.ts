/** The engine without gRPC: lists of a target as they change, or one. */

import { Engine, type EngineDeps, type EngineOptions, type Snapshot } from "./resolver.ts";
import { parseTarget, type Target } from "./target.ts";

/** Options of `watchEndpoints` and `resolveOnce`. */
export interface WatchEndpointsOptions
  extends Omit<EngineOptions, "detailed">, Pick<EngineDeps, "clock" | "logger"> {
  readonly client: EngineDeps["kube"];
  /** Namespace of targets that name none, `default` by default. */
  readonly namespace?: string | undefined;
  /** Ends the iteration. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * One item per published list; of several that nobody has taken yet, the last one. Ended by the signal or by leaving
 * the loop. Failures of the server are logged and overcome, never thrown.
 *
 * @throws {InvalidTargetError}
 */
export async function* watchEndpoints(
  target: string | Target,
  options: WatchEndpointsOptions,
): AsyncGenerator<Snapshot, void, void> {
  const { signal, logger } = options;
  let next: Snapshot | undefined;
  let wake = deferred<void>();
  const onAbort = () => wake.resolve();
  signal?.addEventListener("abort", onAbort, { once: true });
  const engine = new Engine(targetOf(target, options), options, {
    deps: { ...options, kube: options.client },
    listener: {
      list(snapshot) {
        next = snapshot;
        wake.resolve();
      },
      failure: (err) => logger?.warn("API server gives nothing, last endpoints stay", { err }),
      recovered: () => logger?.info("API server gives endpoints again"),
    },
  });
  engine.start();
  try {
    while (signal?.aborted !== true) {
      if (next === undefined) {
        await wake.promise;
        wake = deferred();
        continue;
      }
      const taken = next;
      next = undefined;
      yield taken;
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    await engine.stop();
  }
}

/**
 * The first list.
 *
 * @throws {InvalidTargetError} for a malformed target; the server's error; the signal's reason
 */
export async function resolveOnce(
  target: string | Target,
  options: WatchEndpointsOptions,
): Promise<Snapshot> {
  const { signal } = options;
  signal?.throwIfAborted();
  const { promise, resolve, reject } = deferred<Snapshot>();
  const onAbort = () => reject(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const engine = new Engine(targetOf(target, options), options, {
    deps: { ...options, kube: options.client },
    listener: { list: resolve, failure: reject, recovered() {} },
  });
  engine.start();
  try {
    return await promise;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    await engine.stop();
  }
}

function targetOf(target: string | Target, { namespace }: WatchEndpointsOptions): Target {
  if (typeof target !== "string") return target;
  return parseTarget(target, { namespace: () => namespace ?? "default" });
}

/** `Promise.withResolvers`, which Node 20 has not. */
function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
