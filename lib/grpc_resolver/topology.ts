/** Staying near: hints of the control plane, taken whole or not at all, as kube-proxy does (resolve.md 5.7). */

import type { ResolvedEndpoint } from "./resolution.ts";

/** Which hints count, and where this process is. */
export interface TopologyOptions {
  readonly mode: "off" | "zone" | "node" | "auto";
  readonly zone: string | undefined;
  readonly node: string | undefined;
}

type Draft = { -readonly [K in keyof ResolvedEndpoint]: ResolvedEndpoint[K] };

/** The endpoints that hints leave; marks the others with the reason. */
export function applyTopology(
  ready: readonly Draft[],
  options: TopologyOptions | undefined,
): readonly Draft[] {
  if (options === undefined || options.mode === "off") return ready;
  const { mode, zone, node } = options;
  if (mode !== "zone" && node !== undefined) {
    const near = keep(ready, "nodes", node);
    if (near !== undefined) return near;
  }
  if (mode !== "node" && zone !== undefined) return keep(ready, "zones", zone) ?? ready;
  return ready;
}

function keep(
  ready: readonly Draft[],
  kind: "nodes" | "zones",
  place: string,
): readonly Draft[] | undefined {
  // One endpoint without hints means that the controller could not place all of them.
  if (!ready.every(({ hints }) => hints[kind].length > 0)) return undefined;
  const near = ready.filter(({ hints }) => hints[kind].includes(place));
  if (near.length === 0) return undefined;
  for (const draft of ready) {
    if (!near.includes(draft)) draft.state = kind === "nodes" ? "filtered:node" : "filtered:zone";
  }
  return near;
}
