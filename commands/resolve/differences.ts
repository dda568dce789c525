/** What changed between two states of a target, endpoint by endpoint (resolve.md 11.3). */

import { formatHostPort } from "#lib/grpc_resolver/addresses.ts";
import type { ResolvedEndpoint } from "#lib/grpc_resolver/resolution.ts";

/** One difference. */
export type Difference =
  | { readonly type: "ADDED"; readonly endpoint: ResolvedEndpoint }
  | { readonly type: "REMOVED"; readonly endpoint: ResolvedEndpoint }
  | {
    readonly type: "CHANGED";
    readonly endpoint: ResolvedEndpoint;
    readonly previous: ResolvedEndpoint;
  };

/**
 * The differences from `before` to `after`. Without `all` they speak of usability: an endpoint that turned not ready
 * is removed, in its new state.
 */
export function differencesOf(
  before: readonly ResolvedEndpoint[],
  after: readonly ResolvedEndpoint[],
  { all }: { readonly all: boolean },
): readonly Difference[] {
  const isShown = ({ usable }: ResolvedEndpoint) => all || usable;
  const old = identified(before.filter(isShown));
  const now = identified(after.filter(isShown));
  const known = identified(after);
  const differences: Difference[] = [];
  for (const [id, endpoint] of now) {
    const previous = old.get(id);
    if (previous === undefined) differences.push({ type: "ADDED", endpoint });
    else if (JSON.stringify(previous) !== JSON.stringify(endpoint)) {
      differences.push({ type: "CHANGED", endpoint, previous });
    }
  }
  for (const [id, endpoint] of old) {
    if (!now.has(id)) differences.push({ type: "REMOVED", endpoint: known.get(id) ?? endpoint });
  }
  return differences;
}

/** By the pod and the port's name; by address where there is no pod, or several share one. */
function identified(endpoints: readonly ResolvedEndpoint[]): Map<string, ResolvedEndpoint> {
  const counts = new Map<string, number>();
  for (const endpoint of endpoints) {
    const pod = podKeyOf(endpoint);
    counts.set(pod, (counts.get(pod) ?? 0) + 1);
  }
  return new Map(endpoints.map((endpoint) => {
    const pod = podKeyOf(endpoint);
    const [first] = endpoint.addresses;
    const isAlone = pod !== "" && counts.get(pod) === 1;
    return [isAlone || first === undefined ? pod : formatHostPort(first), endpoint];
  }));
}

function podKeyOf({ targetRef, portName }: ResolvedEndpoint): string {
  const uid = targetRef?.uid ?? "";
  return uid === "" ? "" : `${uid} ${portName}`;
}
