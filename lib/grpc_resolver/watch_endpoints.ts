/** The engine without gRPC: resolutions of a target as they change, or one. */

import { stderrLogger } from "./host.ts";
import { type LibraryOptions, toEngineOptions } from "./library_options.ts";
import type { ResolverClient } from "./grpc.ts";
import { Engine, type EngineListener } from "./resolver.ts";
import { parseTarget, type Target } from "./target.ts";
import { type Resolution, resolutionOf } from "./view.ts";

/** Options of `watchEndpoints` and `resolveOnce`. */
export interface WatchEndpointsOptions extends LibraryOptions {
  /** Client of the API server; `newInClusterClient()` and its kin make one. It is not closed here. */
  readonly client: ResolverClient;
  /** Namespace of targets that name none, `default` by default. */
  readonly namespace?: string | undefined;
  /** Ends the iteration, or rejects what `resolveOnce` has promised with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * One item per published list, with usable endpoints alone; of several that nobody has taken yet, the last one. Ended
 * by the signal or by leaving the loop. Failures of the server are logged and overcome, never thrown.
 *
 * @throws {InvalidTargetError}
 */
export async function* watchEndpoints(
  target: string | Target,
  options: WatchEndpointsOptions,
): AsyncGenerator<Resolution, void, void> {
  const { signal, logger = stderrLogger(options.clock) } = options;
  let next: Resolution | undefined;
  let wake = deferred<void>();
  const onAbort = () => wake.resolve();
  signal?.addEventListener("abort", onAbort, { once: true });
  const engine = engineOf(target, options, {
    list(resolution) {
      next = resolution;
      wake.resolve();
    },
    failure: (err) => logger.warn("API server gives nothing, last endpoints stay", { err }),
    recovered: () => logger.info("API server gives endpoints again"),
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
 * The first list, with usable endpoints alone; when there is none, `error` says why.
 *
 * @throws {InvalidTargetError} for a malformed target; the server's error; the signal's reason
 */
export async function resolveOnce(
  target: string | Target,
  options: WatchEndpointsOptions,
): Promise<Resolution> {
  const { signal } = options;
  signal?.throwIfAborted();
  const { promise, resolve, reject } = deferred<Resolution>();
  const onAbort = () => reject(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const engine = engineOf(target, options, { list: resolve, failure: reject, recovered() {} });
  engine.start();
  try {
    return await promise;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    await engine.stop();
  }
}

function engineOf(
  given: string | Target,
  options: WatchEndpointsOptions,
  listener: Omit<EngineListener, "list"> & { readonly list: (resolution: Resolution) => void },
): Engine {
  const { client, clock, namespace = "default", logger = stderrLogger(clock) } = options;
  const target = typeof given === "string"
    ? parseTarget(given, { namespace: () => namespace })
    : given;
  return new Engine(target, toEngineOptions(options), {
    deps: { kube: client, clock, logger },
    listener: {
      ...listener,
      list: (snapshot) =>
        listener.list(
          resolutionOf({ target, snapshot, error: undefined }, {
            all: false,
            nowMs: snapshot.observedAtMs,
          }),
        ),
    },
  });
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
