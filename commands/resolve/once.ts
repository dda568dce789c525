/** Resolving once, or until there is enough (`--wait`). */

import { DeadlineError } from "#lib/grpc_resolver/failure.ts";
import { Engine, type EngineDeps, type Snapshot } from "#lib/grpc_resolver/resolver.ts";
import type { Target } from "#lib/grpc_resolver/target.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { ResolveOptions } from "./options.ts";
import type { TargetState } from "./view.ts";

/** What resolving needs. */
export interface OnceDeps extends EngineDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

type OnceOptions = Pick<ResolveOptions, "addresses" | "source" | "wait" | "timeoutMs">;

/**
 * The state of every target, in order: after its first answer or failure, or with `wait` when all have enough, or
 * when time is over.
 *
 * @throws the signal's reason when interrupted
 */
export async function resolveAll(
  targets: readonly Target[],
  options: OnceOptions,
  deps: OnceDeps,
): Promise<readonly TargetState[]> {
  const { signal, clock } = deps;
  signal.throwIfAborted();
  const states: { snapshot: Snapshot | undefined; error: unknown }[] = targets.map(() => ({
    snapshot: undefined,
    error: undefined,
  }));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const check = () => {
    const isDone = states.every(({ snapshot, error }) =>
      options.wait > 0
        ? (snapshot?.list.usable.length ?? 0) >= options.wait
        : snapshot !== undefined || error !== undefined
    );
    if (isDone) resolve();
  };
  const engines = targets.map((target, at) =>
    new Engine(target, { ...options.addresses, source: options.source, ...ONCE }, {
      deps,
      listener: {
        list(snapshot) {
          states[at] = { snapshot, error: undefined };
          check();
        },
        failure(error) {
          const snapshot = states[at]?.snapshot;
          states[at] = { snapshot, error };
          check();
        },
        recovered() {},
      },
    })
  );
  const deadline = options.timeoutMs === 0 ? undefined : clock.timer(resolve, options.timeoutMs);
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    for (const engine of engines) engine.start();
    await promise;
  } finally {
    deadline?.cancel();
    signal.removeEventListener("abort", onAbort);
    await Promise.all(engines.map((engine) => engine.stop()));
  }
  return targets.map((target, at) => {
    const { snapshot, error } = states[at] ?? { snapshot: undefined, error: undefined };
    const cause = snapshot === undefined && error === undefined
      ? new DeadlineError("no answer before the deadline")
      : error;
    return { target, snapshot, error: cause, probes: undefined };
  });
}

const ONCE = { service: "always", detailed: true, resyncPeriodMs: 0 } as const;
