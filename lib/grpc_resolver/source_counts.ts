/** How often sources had to begin anew, in the few reasons that the resolver's metrics name (resolve.md 8). */

import type { InformerCounts } from "#lib/kube/contract.ts";

/** Reasons of whole reads. */
export const RELIST_REASONS = ["initial", "expired", "periodic", "requested"] as const;
/** Reasons of watches that were opened again. */
export const RESTART_REASONS = ["eof", "expired", "error", "idle", "decode", "auth"] as const;

/** Why everything was read. */
export type RelistReason = typeof RELIST_REASONS[number];
/** Why a watch was opened again. */
export type RestartReason = typeof RESTART_REASONS[number];

/** Counts of one target; only grow. */
export interface SourceCounts {
  /** Whole reads by reason. */
  readonly relists: Readonly<Record<RelistReason, number>>;
  /** Watches opened again by reason. */
  readonly watchRestarts: Readonly<Record<RestartReason, number>>;
  /** Differences that periodic reads have found. */
  readonly drift: number;
}

/** The counts of a target that has done nothing yet. */
export const NO_COUNTS: SourceCounts = {
  relists: { initial: 0, expired: 0, periodic: 0, requested: 0 },
  watchRestarts: { eof: 0, expired: 0, error: 0, idle: 0, decode: 0, auth: 0 },
  drift: 0,
};

/** Adds what an informer has counted; `begun` is why it was made. */
export function addCounts(
  to: SourceCounts,
  { relists, watchRestarts, drift }: InformerCounts,
  { begun }: { readonly begun: RelistReason },
): SourceCounts {
  const sum = {
    relists: { ...to.relists },
    watchRestarts: { ...to.watchRestarts },
    drift: to.drift + drift,
  };
  for (const [reason, count] of relists) {
    const known = relistReason(reason, begun);
    if (known !== undefined) sum.relists[known] += count;
    // A watch that ended in a way that needs a list is opened again behind it.
    if (known === "expired") sum.watchRestarts[restartReason(reason)] += count;
  }
  for (const [reason, count] of watchRestarts) sum.watchRestarts[restartReason(reason)] += count;
  return sum;
}

/** Whatever the server makes impossible to resume from counts as expired; repeats of a failed read do not count. */
function relistReason(reason: string, begun: RelistReason): RelistReason | undefined {
  if (reason === "start") return begun;
  if (reason === "list_failed") return undefined;
  return reason === "resync" ? "periodic" : "expired";
}

function restartReason(reason: string): RestartReason {
  switch (reason) {
    case "eof":
    case "short":
      return "eof";
    case "expired":
    case "too_large":
    case "http_410":
      return "expired";
    case "idle":
    case "decode":
      return reason;
    case "http_401":
    case "http_403":
      return "auth";
    default:
      return "error";
  }
}
