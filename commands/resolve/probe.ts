/** `--probe`: every address asked for its health, and what that means for the exit code (resolve.md 13). */

import { formatHostPort } from "#lib/grpc_resolver/addresses.ts";
import type { Clock } from "#lib/run/clock.ts";
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

/** Probes the usable addresses of all targets, so many at a time. */
export async function probeStates(
  states: readonly TargetState[],
  options: ProbeOptions,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Probed> {
  const credentials = await createCredentials(options, denoReadFile);
  const probed = states.map((state) => ({ state, probes: new Map<string, ProbeResult[]>() }));
  const jobs = probed.flatMap(({ state, probes }) =>
    addressesOf(state).map((address) => ({ state, probes, address }))
  );
  const next = jobs.values();
  const work = async () => {
    for (const { state, probes, address } of next) {
      signal.throwIfAborted();
      const { service, namespace } = state.target;
      const authority = `${service}.${namespace}`;
      const results = await probeAddress(address, options, { clock, credentials, authority });
      probes.set(address, [...results]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.concurrency, jobs.length) }, work));
  const notes: string[] = [];
  let isHealthy = true;
  for (const { probes } of probed) {
    const answers = [...probes];
    const healthy = answers.filter(([, results]) => isWell(results, options));
    if (!holds(options.policy, { healthy: healthy.length, total: answers.length })) {
      isHealthy = false;
    }
    for (const [address, results] of answers) {
      const bad = results.find((one) => !isWell([one], options));
      if (bad === undefined) continue;
      const why = bad.message === "" ? "" : `: ${bad.message}`;
      notes.push(`kcfg: warning: ${address} is ready but ${bad.status}${why}\n`);
    }
  }
  return {
    states: probed.map(({ state, probes }) => ({ ...state, probes })),
    isHealthy,
    notes: notes.join(""),
  };
}

/** The first address of each usable endpoint. */
function addressesOf({ snapshot }: TargetState): readonly string[] {
  return (snapshot?.list.usable ?? []).flatMap(({ addresses: [first] }) =>
    first === undefined ? [] : [formatHostPort(first)]
  );
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
