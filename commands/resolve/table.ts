/** Resolutions as tables (resolve.md 11.1): two spaces apart, no borders, `-` for nothing. */

import { formatHostPort } from "#lib/grpc_resolver/addresses.ts";
import type { AddressList, ResolvedEndpoint } from "#lib/grpc_resolver/resolution.ts";
import type { ProbeResult } from "./probe_result.ts";
import type { Resolved } from "./resolution_json.ts";

/** What a table shows. */
export interface TableOptions {
  readonly wide: boolean;
  readonly all: boolean;
  readonly headers: boolean;
  readonly withProbes: boolean;
}

const COLUMNS = ["ADDRESS", "PORT", "NAME", "STATE", "NODE", "ZONE", "TARGET"];
const WIDE = ["READY", "SERVING", "TERMINATING", "FAMILY", "HINTS", "SLICE", "APPPROTOCOL"];
const PROBE = ["HEALTH", "LATENCY"];

/** The lines of one target, without the footer. */
export function tableOf({ published, probes }: Resolved, options: TableOptions): string {
  const list = published?.list;
  const shown = (options.all ? list?.endpoints : list?.usable) ?? [];
  const rows = shown.map((endpoint) => rowOf(endpoint, { ...options, list, probes }));
  return align(options.headers ? [headerOf(options), ...rows] : rows);
}

/** Names of the columns. */
export function headerOf({ wide, withProbes }: TableOptions): readonly string[] {
  return [...COLUMNS, ...(wide ? WIDE : []), ...(withProbes ? PROBE : [])];
}

/** One endpoint as cells. */
export function rowOf(
  endpoint: ResolvedEndpoint,
  { wide, withProbes, list, probes }: TableOptions & {
    readonly list: AddressList | undefined;
    readonly probes: ReadonlyMap<string, ProbeResult>;
  },
): readonly string[] {
  const [first] = endpoint.addresses;
  const isFallback = list?.fallback !== null && list?.fallback !== undefined && endpoint.usable;
  const { targetRef, conditions, hints } = endpoint;
  const cells = [
    endpoint.addresses.map(({ host }) => host).join(","),
    first === undefined || first.port === 0 ? "" : String(first.port),
    endpoint.portName,
    isFallback ? `${endpoint.state}*` : endpoint.state,
    endpoint.node ?? "",
    endpoint.zone ?? "",
    targetRef === null ? "" : `${targetRef.kind}/${targetRef.name}`,
  ];
  if (wide) {
    cells.push(
      String(conditions.ready),
      String(conditions.serving),
      String(conditions.terminating),
      [...new Set(endpoint.addresses.map(({ family }) => family))].join(","),
      [...hints.zones, ...hints.nodes].join(","),
      endpoint.slice,
      endpoint.appProtocol ?? "",
    );
  }
  if (withProbes) {
    const probe = first === undefined ? undefined : probes.get(formatHostPort(first));
    const latency = probe?.rpcMs;
    cells.push(probe?.status ?? "", typeof latency === "number" ? `${latency.toFixed(1)}ms` : "");
  }
  return cells.map((cell) => cell === "" ? "-" : cell);
}

/** Pads columns; the last one is not padded. */
export function align(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => widths[at] = Math.max(widths[at] ?? 0, cell.length));
  }
  return rows.map((row) =>
    `${
      row.map((cell, at) => at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)).join("  ")
    }\n`
  ).join("");
}

/** `prod/web: 3 usable of 5 endpoints in 2 slices (endpointslices, rv 12345)`. */
export function footerOf({ target, published, failure }: Resolved): string {
  const name = `${target.namespace}/${target.service}`;
  if (published === undefined) return `${name}: ${failure?.message ?? "no answer"}`;
  const { list, source, resourceVersion } = published;
  const slices = `${list.slices.length} slice${list.slices.length === 1 ? "" : "s"}`;
  return `${name}: ${list.usable.length} usable of ${list.endpoints.length} endpoints in ${slices} ` +
    `(${source}, rv ${resourceVersion})`;
}
