/** From one list to the next: what was added, removed or changed (resolve.md 11.3). Pure. */

import { formatHostPort } from "#lib/grpc_resolver/addresses.ts";
import type { ResolvedEndpoint } from "#lib/grpc_resolver/resolution.ts";

/** One difference. */
export type Change =
  | { readonly type: "ADDED" | "REMOVED"; readonly endpoint: ResolvedEndpoint }
  | {
    readonly type: "CHANGED";
    readonly endpoint: ResolvedEndpoint;
    readonly previous: ResolvedEndpoint;
  };

/**
 * Differences between two lists of everything that is known. Without `all` they speak of usability: an endpoint
 * that is no longer ready is removed, shown with its new state.
 */
export function changesBetween(
  before: readonly ResolvedEndpoint[],
  after: readonly ResolvedEndpoint[],
  { all }: { readonly all: boolean },
): readonly Change[] {
  const shown = (list: readonly ResolvedEndpoint[]) => list.filter(({ usable }) => all || usable);
  const [listedBefore, listedAfter] = [shown(before), shown(after)];
  const shared = new Set([...sharedKeys(listedBefore), ...sharedKeys(listedAfter)]);
  const keyOf = (endpoint: ResolvedEndpoint) => {
    const key = podKey(endpoint);
    return key === undefined || shared.has(key) ? addressKey(endpoint) : key;
  };
  const old = mapBy(listedBefore, keyOf);
  const now = mapBy(listedAfter, keyOf);
  const [byKey, byAddress] = [mapBy(after, keyOf), mapBy(after, addressKey)];
  const changes: Change[] = [];
  for (const [key, endpoint] of old) {
    if (now.has(key)) continue;
    // As it is now: a pod of both families that is not ready any more is two endpoints.
    const there = byAddress.get(addressKey(endpoint));
    const left = there !== undefined && podKey(there) === podKey(endpoint) ? there : byKey.get(key);
    changes.push({ type: "REMOVED", endpoint: left ?? endpoint });
  }
  for (const [key, endpoint] of now) {
    const previous = old.get(key);
    if (previous === undefined) changes.push({ type: "ADDED", endpoint });
    else if (JSON.stringify(previous) !== JSON.stringify(endpoint)) {
      changes.push({ type: "CHANGED", endpoint, previous });
    }
  }
  return changes;
}

/** Pods and ports that stand for several endpoints of a list: of these the address tells, in both lists. */
function sharedKeys(list: readonly ResolvedEndpoint[]): readonly string[] {
  const seen = new Set<string>();
  const shared: string[] = [];
  for (const endpoint of list) {
    const key = podKey(endpoint);
    if (key === undefined) continue;
    if (seen.has(key)) shared.push(key);
    seen.add(key);
  }
  return shared;
}

function mapBy(
  list: readonly ResolvedEndpoint[],
  keyOf: (endpoint: ResolvedEndpoint) => string,
): ReadonlyMap<string, ResolvedEndpoint> {
  return new Map(list.map((endpoint) => [keyOf(endpoint), endpoint]));
}

function podKey({ targetRef, portName }: ResolvedEndpoint): string | undefined {
  return targetRef === null || targetRef.uid === "" ? undefined : `${targetRef.uid} ${portName}`;
}

function addressKey({ addresses: [first] }: ResolvedEndpoint): string {
  return first === undefined ? "" : formatHostPort(first);
}
