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
  const shown = (list: readonly ResolvedEndpoint[]) =>
    byIdentity(list.filter(({ usable }) => all || usable));
  const old = shown(before);
  const now = shown(after);
  const whole = byIdentity(after);
  const changes: Change[] = [];
  for (const [key, endpoint] of old) {
    if (!now.has(key)) changes.push({ type: "REMOVED", endpoint: whole.get(key) ?? endpoint });
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

/** By the uid of the target and the port's name; where that is not unique, by address. */
function byIdentity(list: readonly ResolvedEndpoint[]): ReadonlyMap<string, ResolvedEndpoint> {
  const counts = new Map<string, number>();
  for (const endpoint of list) {
    const key = podKey(endpoint);
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return new Map(list.map((endpoint) => {
    const key = podKey(endpoint);
    return [key !== undefined && counts.get(key) === 1 ? key : addressKey(endpoint), endpoint];
  }));
}

function podKey({ targetRef, portName }: ResolvedEndpoint): string | undefined {
  return targetRef === null || targetRef.uid === "" ? undefined : `${targetRef.uid} ${portName}`;
}

function addressKey({ addresses: [first] }: ResolvedEndpoint): string {
  return first === undefined ? "" : formatHostPort(first);
}
