/** What is known of a target with what probes have found, as the document of `-o json` and `-o yaml`. */

import type { Known } from "#lib/grpc_resolver/failure.ts";
import { resolutionOf } from "#lib/grpc_resolver/view.ts";
import type { ProbeResult } from "./probe_result.ts";

/** What is known of one target. */
export interface TargetState extends Known {
  /** Results by `host:port`; absent without `--probe`. */
  readonly probes: ReadonlyMap<string, readonly ProbeResult[]> | undefined;
}

/**
 * One document; each endpoint that was probed has its result, or several for several services or addresses: those of
 * several addresses say which.
 */
export function viewOf(
  state: TargetState,
  how: Parameters<typeof resolutionOf>[1],
): Readonly<Record<string, unknown>> {
  const resolution = resolutionOf(state, how);
  const { probes } = state;
  if (probes === undefined) return { ...resolution };
  const endpoints = resolution.endpoints.map((endpoint) => {
    const { addresses } = endpoint;
    const results = addresses.flatMap((address) =>
      (probes.get(address) ?? []).map((result) =>
        addresses.length === 1 ? result : { address, ...result }
      )
    );
    if (results.length === 0) return endpoint;
    return { ...endpoint, probe: results.length === 1 ? results[0] : results };
  });
  // In the place of the other one: the order of the keys is promised.
  return { ...resolution, endpoints };
}
