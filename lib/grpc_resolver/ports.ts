/** Which port of a slice a target means (resolve.md 5.4). */

import type { ServiceFacts } from "./resolution.ts";
import type { EndpointSlice, WirePort } from "./slices.ts";
import type { PortMode } from "./target.ts";

/** What numbers in targets mean: the pod's port, the Service's, or whichever there is. */
export type NumberMeaning = "literal" | "service" | "auto";

/** A port in use. */
export interface ChosenPort {
  readonly name: string;
  readonly port: number;
  readonly appProtocol: string | null;
}

/** A port that is wanted. */
export interface PortQuery {
  readonly port: string;
  readonly portMode: PortMode;
  readonly meaning: NumberMeaning;
  readonly service: ServiceFacts | undefined;
  /** Every TCP port, whatever the target says. */
  readonly all: boolean;
}

/** Chooses ports of slices. */
export type PortChooser = (slice: EndpointSlice) => readonly ChosenPort[];

/** Ports of a slice that gRPC can use. */
function eligiblePorts(slice: EndpointSlice): readonly WirePort[] {
  return (slice.ports ?? []).filter(({ protocol }) => (protocol ?? "TCP") === "TCP");
}

/** The chooser for a query over all slices of a Service. */
export function portChooser(query: PortQuery, slices: readonly EndpointSlice[]): PortChooser {
  const { port, portMode, all } = query;
  if (all) return (slice) => eligiblePorts(slice).flatMap(chosen);
  if (portMode === "first") return (slice) => eligiblePorts(slice).flatMap(chosen).slice(0, 1);
  if (portMode === "name") return byName(port);
  const number = Number(port);
  const isListed = slices.some((slice) => eligiblePorts(slice).some((one) => one.port === number));
  const isLiteral = query.meaning === "literal" || (query.meaning === "auto" && isListed);
  if (isLiteral) {
    return (slice) => {
      const known = eligiblePorts(slice).find((one) => one.port === number);
      return [{ name: known?.name ?? "", port: number, appProtocol: known?.appProtocol ?? null }];
    };
  }
  const ofService = query.service?.ports.find((one) => one.port === number);
  return ofService === undefined ? () => [] : byName(ofService.name);
}

/** What to say about the choice (resolve.md 5.4): warnings, and notes for whoever wonders. */
export function portRemarks(
  query: PortQuery,
  slices: readonly EndpointSlice[],
): { readonly warnings: string[]; readonly notes: readonly string[] } {
  const warnings: string[] = [];
  const notes: string[] = [];
  if (query.all) return { warnings, notes };
  for (const slice of query.portMode === "first" ? slices : []) {
    const ports = eligiblePorts(slice).flatMap(chosen);
    const [first] = ports;
    const name = slice.metadata.name ?? "";
    if (first === undefined && (slice.endpoints ?? []).length > 0) {
      warnings.push(`slice ${name}: skipped, it has no TCP port`);
    }
    if (first !== undefined && ports.length > 1) {
      notes.push(`slice ${name}: port ${first.port}, the first of ${ports.length}`);
    }
  }
  const podPort = query.meaning === "literal" ? portOfService(query, slices) : undefined;
  if (podPort !== undefined) {
    warnings.push(
      `port ${query.port} is the Service's, pods listen on ${podPort}: ask for ${podPort}, or for ` +
        "the Service's port with portMode service",
    );
  }
  return { warnings, notes };
}

/** The pods' port behind a number that only the Service knows. */
function portOfService(
  { port, portMode, service }: PortQuery,
  slices: readonly EndpointSlice[],
): number | undefined {
  const number = Number(port);
  const known = service?.ports.find((one) => one.port === number);
  if (portMode !== "number" || known === undefined) return undefined;
  const ports = slices.flatMap(eligiblePorts);
  if (ports.some((one) => one.port === number)) return undefined;
  return ports.find(({ name }) => (name ?? "") === known.name)?.port ?? undefined;
}

function byName(wanted: string): PortChooser {
  return (slice) =>
    eligiblePorts(slice).filter(({ name }) => (name ?? "") === wanted).flatMap(chosen).slice(0, 1);
}

/** A port without a number means all of them, which only a number in the target can use. */
function chosen({ name, port, appProtocol }: WirePort): readonly ChosenPort[] {
  if (typeof port !== "number") return [];
  return [{ name: name ?? "", port, appProtocol: appProtocol ?? null }];
}

/** Names of ports that could have been named, sorted. */
export function availableNames(slices: readonly EndpointSlice[]): readonly string[] {
  const names = slices.flatMap((slice) => eligiblePorts(slice).map(({ name }) => name ?? ""));
  return [...new Set(names)].filter((name) => name !== "").sort();
}
