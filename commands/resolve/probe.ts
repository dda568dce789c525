/** `--probe`: every address asked for its health, and what that means for the exit code (resolve.md 13). */

import { formatHostPort } from "#lib/grpc_resolver/addresses.ts";
import type { Clock } from "#lib/run/clock.ts";
import { untilAborted } from "#lib/run/until_aborted.ts";
import { oneLine } from "#lib/term/one_line.ts";
import { denoReadFile } from "./read_file.ts";
import { createCredentials, probeAddress } from "./probe_call.ts";
import type { ProbeOptions, ProbePolicy } from "./probe_options.ts";
import type { ProbeResult } from "./probe_result.ts";
import type { TargetState } from "./view.ts";

/** Every state with its probes. */
export interface Probed {
  readonly states: readonly TargetState[];
  /** Whether the policy holds for every target. */
  readonly isHealthy: boolean;
  /** Lines for stderr: readiness and health that disagree. */
  readonly notes: string;
}

/** What a probe needs to know of an address. */
interface Address {
  readonly address: string;
  readonly isReady: boolean;
  /** Whether channels get it; only such addresses count for the policy. */
  readonly isUsable: boolean;
}

/** How probes are made. */
export interface ProbeDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Also what is listed and not used. */
  readonly all: boolean;
  /** Of the clock's monotonic time; what is not asked by then is said to be. No end by default. */
  readonly endMs?: number | undefined;
}

/**
 * Probes the usable addresses of all targets, with `all` those that are listed besides, so many at a time.
 *
 * @throws the signal's reason, without waiting for calls under way
 */
export async function probeStates(
  states: readonly TargetState[],
  options: ProbeOptions,
  { clock, signal, all, endMs = Infinity }: ProbeDeps,
): Promise<Probed> {
  const credentials = await createCredentials(options, denoReadFile);
  const probed = states.map((state) => ({ state, probes: new Map<string, ProbeResult[]>() }));
  const jobs = probed.flatMap(({ state, probes }) =>
    addressesOf(state, all).map(({ address }) => ({ state, probes, address }))
  );
  const next = jobs.values();
  const work = async () => {
    for (const { state, probes, address } of next) {
      signal.throwIfAborted();
      const { service, namespace } = state.target;
      const authority = `${service}.${namespace}`;
      const leftMs = endMs - clock.monotonic();
      const results = leftMs <= 0 ? notAsked(options) : await probeAddress(address, {
        ...options,
        connectTimeoutMs: Math.min(options.connectTimeoutMs, leftMs),
        timeoutMs: Math.min(options.timeoutMs, leftMs),
      }, { clock, credentials, authority });
      probes.set(address, [...results]);
    }
  };
  const workers = Array.from({ length: Math.min(options.concurrency, jobs.length) }, work);
  await untilAborted(Promise.all(workers), signal);
  const notes: string[] = [];
  let isHealthy = true;
  for (const { state, probes } of probed) {
    const asked = addressesOf(state, all);
    const used = asked.filter(({ isUsable }) => isUsable);
    const healthy = used.filter(({ address }) => isWell(probes.get(address) ?? [], options));
    if (!holds(options.policy, { healthy: healthy.length, total: used.length })) isHealthy = false;
    notes.push(
      ...asked.flatMap((one) => disagreement(one, probes.get(one.address) ?? [], options)),
    );
  }
  return {
    states: probed.map(({ state, probes }) => ({ ...state, probes })),
    isHealthy,
    notes: notes.join(""),
  };
}

/** What an address says that there was no time to ask. */
function notAsked({ services }: ProbeOptions): readonly ProbeResult[] {
  const message = "not asked, the time of --timeout was over";
  return services.map((service) => ({
    ...{ status: "TIMEOUT", grpcCode: null, message, connectMs: 0, rpcMs: 0, service },
  }));
}

/** Every address of each usable endpoint, or of each that has a port to ask. */
function addressesOf({ snapshot }: TargetState, all: boolean): readonly Address[] {
  const { endpoints = [], usable = [] } = snapshot?.list ?? {};
  return (all ? endpoints : usable).flatMap(({ addresses, conditions, usable: isUsable }) =>
    addresses.filter(({ port }) => port !== 0).map((address) => ({
      ...{ address: formatHostPort(address), isReady: conditions.ready, isUsable },
    }))
  );
}

/** A line where readiness and health say different things, or where what is used does not serve. */
function disagreement(
  { address, isReady, isUsable }: Address,
  results: readonly ProbeResult[],
  options: ProbeOptions,
): readonly string[] {
  const bad = results.find((one) => !isWell([one], options));
  if (bad === undefined) {
    const serves = !isReady && results.every(({ status }) => status === "SERVING");
    return serves ? [`kcfg: warning: ${address} is not ready but SERVING\n`] : [];
  }
  if (!isReady && !isUsable) return [];
  const why = bad.message === "" ? "" : `: ${oneLine(bad.message)}`;
  const what = isReady ? "ready" : "used";
  return [`kcfg: warning: ${address} is ${what} but ${bad.status}${why}\n`];
}

function isWell(results: readonly ProbeResult[], { allowUnimplemented }: ProbeOptions): boolean {
  return results.every(({ status }) =>
    status === "SERVING" || (allowUnimplemented && status === "UNIMPLEMENTED")
  );
}

/** Whether so many healthy addresses are enough. */
export function holds(
  policy: ProbePolicy,
  { healthy, total }: { readonly healthy: number; readonly total: number },
): boolean {
  switch (policy.kind) {
    case "all":
      return healthy === total;
    case "count":
      return healthy >= policy.count;
    case "percent":
      return healthy * 100 >= policy.percent * total;
  }
}
