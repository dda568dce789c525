/** From all slices of a Service to the list a channel gets (resolve.md 5). Pure; never from one event alone. */

import { conditionReader, type KnownConditions } from "./conditions.ts";
import { compareText, FAMILY_ORDER, inPublishedOrder } from "./order.ts";
import {
  availableNames,
  type ChosenPort,
  type NumberMeaning,
  portChooser,
  portRemarks,
} from "./ports.ts";
import type {
  AddressList,
  EmptyReason,
  Family,
  HostPort,
  ResolvedEndpoint,
  ServiceFacts,
  SliceSummary,
} from "./resolution.ts";
import type { EndpointSlice, WireEndpoint } from "./slices.ts";
import type { Target } from "./target.ts";
import { applyTopology, type TopologyOptions } from "./topology.ts";

/** How the list is made. */
export interface AddressOptions {
  /** `literal` by default. */
  readonly portMode?: NumberMeaning | undefined;
  /** `auto` by default: an endpoint with both families is one. */
  readonly family?: "auto" | "ipv4" | "ipv6" | "separate" | undefined;
  /** Whether endpoints that are shutting down serve when no other does; true by default. */
  readonly terminatingFallback?: boolean | undefined;
  readonly topology?: TopologyOptions | undefined;
  /** Every TCP port, whatever the target says. */
  readonly allPorts?: boolean | undefined;
  /** What is known of the Service: its ports and the family it prefers. */
  readonly service?: ServiceFacts | undefined;
}

const FAMILIES: Readonly<Record<string, Family>> = { IPv4: "IPv4", IPv6: "IPv6", FQDN: "FQDN" };

type Draft = { -readonly [K in keyof ResolvedEndpoint]: ResolvedEndpoint[K] };

/** Computes the list; the order of the slices does not matter. */
export function computeAddresses(
  target: Pick<Target, "port" | "portMode">,
  given: readonly EndpointSlice[],
  options: AddressOptions = {},
): AddressList {
  const { portMode = "literal", family = "auto", terminatingFallback = true } = options;
  const { topology, allPorts = false, service } = options;
  const slices = [...given].sort((a, b) => compareText(nameOf(a), nameOf(b)));
  const query = { ...target, meaning: portMode, service, all: allPorts };
  const choose = portChooser(query, slices);
  const { warnings, notes } = portRemarks(query, slices);
  if (slices.some(isTruncated)) warnings.push("Endpoints: list truncated at 1000 addresses");
  const drafts = new Drafts();
  const others: Draft[] = [];
  const conditionsOf = conditionReader();
  for (const slice of slices) {
    const addressFamily = FAMILIES[slice.addressType ?? ""];
    const ports = choose(slice);
    const endpoints = slice.endpoints ?? [];
    if (addressFamily === undefined && endpoints.length > 0) {
      warnings.push(`slice ${nameOf(slice)}: address type "${slice.addressType}" is not supported`);
    }
    const refused = addressFamily === undefined
      ? "unsupported-type"
      : ports.length === 0
      ? "no-port"
      : undefined;
    for (const port of refused === undefined ? ports : [NO_PORT]) {
      const draftOf = drafter(slice, { family: addressFamily ?? "FQDN", port, state: refused });
      const add = (draft: Draft) => refused === undefined ? drafts.add(draft) : others.push(draft);
      for (const endpoint of endpoints) {
        const known = conditionsOf(endpoint);
        const hosts = endpoint.addresses ?? [];
        // By number: an iterator for one address each would be a good part of what a list costs.
        for (let at = 0; at < hosts.length; at++) add(draftOf(endpoint, hosts[at] ?? "", known));
      }
    }
  }
  const candidates = drafts.all;
  filterFamily(candidates, family);
  const { usable, fallback } = chooseUsable(candidates, terminatingFallback);
  const kept = fallback === null ? applyTopology(usable, topology) : usable;
  for (const draft of kept) draft.usable = true;
  const published = merge(kept, { family, first: service?.ipFamilies[0] });
  const unused = candidates.filter((draft) => !draft.usable);
  return {
    endpoints: [published, inPublishedOrder(unused), inPublishedOrder(others)].flat(),
    usable: published,
    slices: slices.map(summaryOf),
    fallback,
    warnings,
    notes,
    empty: published.length > 0
      ? undefined
      : emptyReason(allPorts ? ANY_PORT : target, slices, [...candidates, ...others], portMode),
  };
}

/** What the endpoints of a slice have in common. */
interface Shared {
  readonly family: Family;
  readonly port: ChosenPort;
  /** Set when none of them can be used. */
  readonly state: ResolvedEndpoint["state"] | undefined;
}

function drafter(slice: EndpointSlice, { family, port, state }: Shared) {
  const name = nameOf(slice);
  return (endpoint: WireEndpoint, host: string, known: KnownConditions): Draft => {
    const { targetRef, hints } = endpoint;
    return {
      addresses: [{ host, port: port.port, family }],
      portName: port.name,
      usable: false,
      state: state ?? stateOf(known.effective),
      conditions: known.effective,
      rawConditions: known.raw,
      node: endpoint.nodeName ?? null,
      zone: endpoint.zone ?? null,
      hostname: endpoint.hostname ?? null,
      hints: hints === undefined || hints === null ? NO_HINTS : {
        zones: (hints.forZones ?? []).map(({ name }) => name),
        nodes: (hints.forNodes ?? []).map(({ name }) => name),
      },
      slice: name,
      appProtocol: port.appProtocol,
      targetRef: targetRef === null || targetRef === undefined ? null : {
        kind: targetRef.kind ?? "",
        namespace: targetRef.namespace ?? "",
        name: targetRef.name ?? "",
        uid: targetRef.uid ?? "",
      },
    };
  };
}

const ANY_PORT = { port: "", portMode: "first" } as const;
const NO_PORT: ChosenPort = { name: "", port: 0, appProtocol: null };
const NO_HINTS: ResolvedEndpoint["hints"] = { zones: [], nodes: [] };

function stateOf(
  { ready, serving, terminating }: KnownConditions["effective"],
): ResolvedEndpoint["state"] {
  if (ready) return "ready";
  return serving && terminating ? "terminating" : "not-ready";
}

/** By port and host: a text of both for each endpoint would be thrown away at once. */
class Drafts {
  readonly #byPort = new Map<number, Map<string, Draft>>();

  get all(): Draft[] {
    return Array.from(this.#byPort.values(), (byHost) => [...byHost.values()]).flat();
  }

  /** The same address in two slices is one; ready if either copy is, else as the last slice says. */
  add(draft: Draft): void {
    const { host = "", port = 0 } = draft.addresses[0] ?? {};
    let byHost = this.#byPort.get(port);
    if (byHost === undefined) this.#byPort.set(port, byHost = new Map());
    const before = byHost.get(host);
    if (before?.conditions.ready === true && !draft.conditions.ready) return;
    byHost.set(host, draft);
  }
}

function keyOf({ addresses: [address] }: Draft): string {
  return `${address?.host} ${address?.port}`;
}

function filterFamily(candidates: Draft[], family: string): void {
  const wanted = family === "ipv4" ? "IPv4" : family === "ipv6" ? "IPv6" : undefined;
  if (wanted === undefined) return;
  for (const draft of candidates) {
    if (draft.addresses[0]?.family !== wanted) draft.state = "filtered:family";
  }
}

function chooseUsable(
  candidates: readonly Draft[],
  terminatingFallback: boolean,
): { readonly usable: readonly Draft[]; readonly fallback: AddressList["fallback"] } {
  const ready = candidates.filter(({ state }) => state === "ready");
  if (ready.length > 0 || !terminatingFallback) return { usable: ready, fallback: null };
  const terminating = candidates.filter(({ state }) => state === "terminating");
  return terminating.length === 0
    ? { usable: [], fallback: null }
    : { usable: terminating, fallback: "serving-terminating" };
}

/** Endpoints of one pod in two families become one, with an address of each. */
function merge(
  usable: readonly Draft[],
  { family, first }: { readonly family: string; readonly first: string | undefined },
): readonly ResolvedEndpoint[] {
  const families = new Set(usable.map(({ addresses }) => addresses[0]?.family));
  if (family !== "auto" || families.size < 2) return inPublishedOrder(usable);
  const byPod = new Map<string, Draft[]>();
  for (const draft of inPublishedOrder(usable)) {
    const pod = podOf(draft);
    const key = pod === undefined ? keyOf(draft) : `${pod} ${draft.portName}`;
    const group = byPod.get(key);
    if (group === undefined) byPod.set(key, [draft]);
    else group.push(draft);
  }
  const merged = [...byPod.values()].flatMap((group) => mergeGroup(group, first));
  return inPublishedOrder(merged);
}

function mergeGroup(group: readonly Draft[], first: string | undefined): readonly Draft[] {
  const families = new Set(group.map(({ addresses }) => addresses[0]?.family));
  const [head] = group;
  // Several addresses of one family are several backends.
  if (head === undefined || families.size < 2 || families.size < group.length) return group;
  const addresses = group.flatMap((draft) => draft.addresses).sort((a, b) =>
    rankOf(a.family, first) - rankOf(b.family, first)
  );
  return [{ ...head, addresses }];
}

function rankOf(family: Family, first: string | undefined): number {
  return family === first ? -1 : FAMILY_ORDER.indexOf(family);
}

function podOf({ targetRef }: Draft): string | undefined {
  if (targetRef === null) return undefined;
  if (targetRef.uid !== "") return targetRef.uid;
  return `${targetRef.kind}/${targetRef.namespace}/${targetRef.name}`;
}

function summaryOf(slice: EndpointSlice): SliceSummary {
  return {
    name: nameOf(slice),
    addressType: slice.addressType ?? "",
    endpoints: (slice.endpoints ?? []).length,
    managedBy: slice.metadata.labels?.["endpointslice.kubernetes.io/managed-by"] ?? null,
    ports: (slice.ports ?? []).map(({ name, port, protocol, appProtocol }) => ({
      name: name ?? "",
      port: port ?? null,
      protocol: protocol ?? "TCP",
      appProtocol: appProtocol ?? null,
    })),
  };
}

function emptyReason(
  { port, portMode }: Pick<Target, "port" | "portMode">,
  slices: readonly EndpointSlice[],
  endpoints: readonly Draft[],
  meaning: NumberMeaning,
): EmptyReason {
  if (slices.length === 0) return { kind: "no-slices" };
  const isPortless = endpoints.length > 0 && endpoints.every(({ state }) => state === "no-port");
  if (isPortless && !(portMode === "number" && meaning === "literal")) {
    return { kind: "no-port", wanted: port, available: availableNames(slices) };
  }
  const leftOut = endpoints.filter(({ state, conditions }) =>
    state === "filtered:family" && conditions.ready
  );
  return { kind: "none-ready", total: endpoints.length, leftOut: leftOut.length };
}

/** Endpoints hold no more; the control plane says so in an annotation (resolve.md 4.2). */
function isTruncated({ metadata }: EndpointSlice): boolean {
  return metadata.annotations?.["endpoints.kubernetes.io/over-capacity"] === "truncated";
}

function nameOf({ metadata }: EndpointSlice): string {
  return metadata.name ?? "";
}

/** `host:port`, an IPv6 address in brackets. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
