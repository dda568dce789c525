/** Results as text (resolve.md 11). Data only; messages for people go to stderr by `notes.ts`. */

import { UsageError } from "#lib/cli/usage_error.ts";
import { formatHostPort } from "#lib/grpc_resolver/addresses.ts";
import type { ResolvedEndpoint } from "#lib/grpc_resolver/resolution.ts";
import { oneLine } from "#lib/term/one_line.ts";
import { type Column, formatTable } from "#lib/term/table.ts";
import type { ResolveOptions } from "./options.ts";
import { worstOf } from "./probe_result.ts";
import { type TargetState, viewOf } from "./view.ts";

type PrintOptions = Pick<ResolveOptions, "output" | "all" | "headers" | "wait">;
const GAP = 2;

/** All targets, in the order of the arguments. @throws {UsageError} when the form cannot hold the addresses */
export async function printStates(
  states: readonly TargetState[],
  options: PrintOptions,
  nowMs: number,
): Promise<string> {
  const { output, all } = options;
  const how = { all, nowMs, needed: Math.max(1, options.wait) };
  switch (output) {
    case "json":
    case "yaml": {
      const views = states.map((state) => viewOf(state, how));
      const document = views.length === 1
        ? views[0]
        : { apiVersion: "kcfg.dev/v1", kind: "ResolutionList", items: views };
      if (output === "json") return `${JSON.stringify(document, null, 2)}\n`;
      const { stringifyYaml } = await import("#lib/format/yaml.ts");
      return stringifyYaml(document);
    }
    case "jsonl":
      return states.map((state) => snapshotLine(state, how)).join("");
    case "addresses":
      return states.flatMap(addressesOf).map((line) => `${line}\n`).join("");
    case "grpc":
      return states.map((state) => grpcTarget(state)).join("");
    default:
      return states.map((state, at) => {
        const between = states.length === 1
          ? ""
          : `${at === 0 ? "" : "\n"}# ${state.target.canonical}\n`;
        return between + tableOf(state, options);
      }).join("");
  }
}

/** The line of a whole state. */
export function snapshotLine(
  state: TargetState,
  how: Parameters<typeof viewOf>[1],
): string {
  const time = new Date(how.nowMs).toISOString();
  return `${JSON.stringify({ type: "SNAPSHOT", time, resolution: viewOf(state, how) })}\n`;
}

/** The rows of a target with their header. */
export function tableOf(state: TargetState, options: PrintOptions): string {
  const rows = (state.snapshot?.list.endpoints ?? []).filter(({ usable }) => options.all || usable);
  if (rows.length === 0 && state.snapshot === undefined) return "";
  const text = formatTable(rows, { columns: columnsOf(state, options), gap: GAP });
  return options.headers ? text : text.slice(text.indexOf("\n") + 1);
}

/** One row, its cells two spaces apart. */
export function rowOf(
  endpoint: ResolvedEndpoint,
  state: TargetState,
  options: Pick<ResolveOptions, "output">,
): string {
  return columnsOf(state, options).map(({ value }) => value(endpoint)).join("  ");
}

function columnsOf(
  { snapshot, probes }: TargetState,
  { output }: Pick<ResolveOptions, "output">,
): readonly Column<ResolvedEndpoint>[] {
  const isFallback = snapshot?.list.fallback !== null;
  const column = (
    header: string,
    read: (endpoint: ResolvedEndpoint) => string | undefined | null,
  ): Column<ResolvedEndpoint> => ({ header, value: (row) => oneLine(read(row) || "-") });
  const probed = ({ addresses }: ResolvedEndpoint) =>
    worstOf(addresses.flatMap((address) => probes?.get(formatHostPort(address)) ?? []));
  return [
    column("address", ({ addresses }) => {
      const first = addresses[0]?.host;
      return addresses.length < 2 ? first : addresses.map(({ host }) => host).join(",");
    }),
    column("port", ({ addresses }) => String(addresses[0]?.port || "")),
    column("name", ({ portName }) => portName),
    column("state", ({ state, usable }) => usable && isFallback ? `${state}*` : state),
    column("node", ({ node }) => node),
    column("zone", ({ zone }) => zone),
    column("target", ({ targetRef }) => targetRef && `${targetRef.kind}/${targetRef.name}`),
    ...(output !== "wide" ? [] : [
      column("ready", ({ conditions }) => String(conditions.ready)),
      column("serving", ({ conditions }) => String(conditions.serving)),
      column("terminating", ({ conditions }) => String(conditions.terminating)),
      column("family", ({ addresses }) => addresses.map(({ family }) => family).join(",")),
      column("hints", ({ hints }) => [...hints.zones, ...hints.nodes].join(",")),
      column("slice", ({ slice }) => slice),
      column("appprotocol", ({ appProtocol }) => appProtocol),
    ]),
    ...(probes === undefined ? [] : [
      column("health", (row) => probed(row)?.status),
      column("latency", (row) => {
        const probe = probed(row);
        return probe && `${Math.round(probe.connectMs + probe.rpcMs)}ms`;
      }),
    ]),
  ];
}

/** Every usable `host:port` in published order. */
export function addressesOf({ snapshot }: TargetState): readonly string[] {
  return (snapshot?.list.usable ?? []).flatMap(({ addresses }) => addresses.map(formatHostPort));
}

function grpcTarget(state: TargetState): string {
  const addresses = (state.snapshot?.list.usable ?? []).flatMap((one) => one.addresses);
  const families = new Set(addresses.map(({ family }) => family));
  const [family] = families;
  if (family === undefined) return "";
  if (families.size > 1 || family === "FQDN") {
    throw new UsageError(
      `Cannot print "${state.target.canonical}" as one gRPC target: addresses are ${
        [...families].join(" and ")
      }`,
      family === "FQDN" ? [] : ["choose with --family=ipv4 or --family=ipv6"],
    );
  }
  return `${family === "IPv4" ? "ipv4" : "ipv6"}:${addressesOf(state).join(",")}\n`;
}
