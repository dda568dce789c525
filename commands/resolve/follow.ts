/** `--watch`: the state, then every change, until interrupted, counted out or out of time. */

import { Engine, type EngineDeps } from "#lib/grpc_resolver/resolver.ts";
import type { Target } from "#lib/grpc_resolver/target.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { RunContext } from "#lib/run/context.ts";
import { interruptedExitCode } from "#lib/run/stop_request.ts";
import { tellingWhenUnread } from "#lib/run/telling_when_unread.ts";
import { codeOf, highest } from "./exit_codes.ts";
import { Follower } from "./follower.ts";
import type { ResolveOptions } from "./options.ts";

/** What following needs. */
export interface FollowDeps {
  readonly kube: EngineDeps["kube"];
  readonly log: Logger;
  readonly context: RunContext;
}

/** Follows until the end; resolves to the exit code. */
export async function followTargets(
  targets: readonly Target[],
  options: ResolveOptions,
  { kube, log, context }: FollowDeps,
): Promise<number> {
  const { clock, signal } = context;
  const ended = Promise.withResolvers<"counted" | "deadline" | "interrupted" | "unread">();
  const stdout = tellingWhenUnread(context.stdout, () => ended.resolve("unread"));
  const counter = countdown(options, ended.resolve);
  const followers = targets.map((target) =>
    new Follower(target, options, { context: { ...context, stdout }, counter })
  );
  const engines = followers.map((follower) =>
    new Engine(follower.target, {
      ...options.addresses,
      ...{ source: options.source, service: "always", detailed: true },
    }, { deps: { kube, clock, logger: log }, listener: follower })
  );
  const timer = options.timeoutMs === 0
    ? undefined
    : clock.timer(() => ended.resolve("deadline"), options.timeoutMs);
  const onAbort = () => ended.resolve("interrupted");
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const probing = options.probe === undefined
    ? undefined
    : await import("./probe_rounds.ts").then(({ startRounds }) =>
      startRounds(followers, options, { context, onUnable: ended.reject })
    );
  try {
    for (const engine of engines) engine.start();
    const reason = await ended.promise;
    const codes = followers.map(({ state }) => codeOf(state));
    if (reason === "counted" || reason === "unread") return 0;
    if (reason === "deadline") return highest([...codes, probing?.isHealthy === false ? 7 : 0]);
    return followers.every(({ state }) => state.snapshot !== undefined)
      ? 0
      : interruptedExitCode(signal);
  } finally {
    timer?.cancel();
    signal.removeEventListener("abort", onAbort);
    await probing?.stop();
    await Promise.all(engines.map((engine) => engine.stop()));
  }
}

/** Calls `end` when `--count` changes of all targets have been printed. False when there is no more to print. */
function countdown(
  { follow }: ResolveOptions,
  end: (reason: "counted") => void,
): () => boolean {
  const limit = follow?.count ?? 0;
  let printed = 0;
  return () => {
    if (limit > 0 && printed >= limit) return false;
    printed += 1;
    if (printed === limit) end("counted");
    return true;
  };
}
