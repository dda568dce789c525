/** The engines of the targets, on one client, and the first answer of each. */

import { type KubeClient, KubeConfigError } from "#lib/kube/mod.ts";
import { configuredNamespace, openClient } from "#lib/kube/deno_client.ts";
import { EndpointEngine } from "#lib/grpc_resolver/engine.ts";
import type { Target } from "#lib/grpc_resolver/target.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import { parseBareTarget } from "./bare_target.ts";
import type { ExitName } from "./exit_codes.ts";
import type { ResolveOptions } from "./options.ts";
import type { Resolved } from "./resolution_json.ts";
import { scopeOf } from "./scope.ts";

/** What engines need. */
export interface EnginesDeps {
  readonly clock: Clock;
  readonly log: Logger;
}

/** Targets that are followed. `await using` stops them. */
export interface Engines extends AsyncDisposable {
  readonly engines: readonly EndpointEngine[];
}

/** Parses the targets. @throws {UsageError} */
export async function targetsOf(options: ResolveOptions): Promise<readonly Target[]> {
  const home = await configuredNamespace(options.kube);
  return options.targets.map((text) =>
    parseBareTarget(text, {
      namespace: options.kube.flags.namespace,
      defaultNamespace: () => home,
      port: options.port,
    })
  );
}

/** Opens the client and makes the engines; nothing is asked yet. @throws {UsageError} {KubeConfigError} */
export async function openEngines(options: ResolveOptions, deps: EnginesDeps): Promise<Engines> {
  const targets = await targetsOf(options);
  const client: KubeClient = await openClient(options.kube, {
    command: "resolve",
    scope: scopeOf(options),
    ...deps,
  });
  const engines = targets.map((target) =>
    new EndpointEngine(target, options.engine, { client, ...deps })
  );
  return {
    engines,
    async [Symbol.asyncDispose]() {
      await Promise.all(engines.map((engine) => engine.stop()));
      await client.close();
    },
  };
}

/** How a wait for engines ended. */
export type Ended = "done" | "timeout" | "stopped";

/**
 * Waits until every engine has an answer that is enough; an error is one, unless `waitFor` says that time may mend it.
 */
export async function waitForEngines(
  engines: readonly EndpointEngine[],
  { waitFor, timeoutMs }: Pick<ResolveOptions, "waitFor" | "timeoutMs">,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Ended> {
  const ended = Promise.withResolvers<Ended>();
  const isEnough = ({ published, failure }: EndpointEngine) =>
    waitFor === undefined
      ? published !== undefined || failure !== undefined
      : (published?.list.usable.length ?? 0) >= waitFor;
  const check = () => {
    if (engines.every(isEnough)) ended.resolve("done");
  };
  const removals = engines.map((engine) => engine.listen({ onList: check, onError: check }));
  for (const engine of engines) engine.start();
  const timer = timeoutMs === 0
    ? undefined
    : clock.timer(() => ended.resolve("timeout"), timeoutMs);
  const stop = () => ended.resolve("stopped");
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const outcome = await ended.promise;
  timer?.cancel();
  signal.removeEventListener("abort", stop);
  for (const remove of removals) remove();
  return outcome;
}

/** What is known of an engine's target now. */
export function resolvedOf(engine: EndpointEngine, ended: Ended): Resolved {
  const { target, published, failure } = engine;
  const lost = ended === "timeout" && published === undefined
    ? { code: "unreachable", message: failure?.message ?? "API server gave no answer in time" }
    : undefined;
  return {
    target,
    published,
    failure: published === undefined ? lost ?? failure : published.failure,
    probes: new Map(),
  };
}

/** Name of the exit status for a target. */
export function exitNameOf({ failure }: Resolved): ExitName {
  return failure === undefined ? "ok" : failure.code as ExitName;
}

/** Whether an error means that there is no usable configuration. */
export function isConfigError(error: unknown): boolean {
  return error instanceof KubeConfigError;
}
