/** From all slices of a Service to the list a channel gets (resolve.md 5). Pure; never from one event alone. */

import { conditionReader, type KnownConditions } from "./conditions.ts";
import { availableNames, type NumberMeaning, portChooser, portRemarks } from "./ports.ts";
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
const FAMILY_ORDER: readonly Family[] = ["IPv4", "IPv6", "FQDN"];

type Draft = { -readonly [K in keyof ResolvedEndpoint]: ResolvedEndpoint[K] };

/** Computes the list; the order of the slices does not matter. */
export function computeAddresses(
  target: Pick<Target, "port" | "portMode">,
  given: readonly EndpointSlice[],
  options: AddressOptions = {},
): AddressList {
  const { portMode = "literal", family = "auto", terminatingFallback = true } = options;
  const { topology, allPorts = false, service } = options;
  const slices = [...given].sort((a, b) => compare(nameOf(a), nameOf(b)));
  const query = { ...target, meaning: portMode, service, all: allPorts };
  const choose = portChooser(query, slices);
  const { warnings, notes } = portRemarks(query, slices);
  if (slices.some(isTruncated)) warnings.push("Endpoints: list truncated at 1000 addresses");
  const drafts = new Map<string, Draft>();
  const others: Draft[] = [];
  const conditionsOf = conditionReader();
  for (const slice of slices) {
    const addressFamily = FAMILIES[slice.addressType ?? ""];
    const ports = choose(slice);
    const endpoints = slice.endpoints ?? [];
    if (addressFamily === undefined && endpoints.length > 0) {
      warnings.push(`slice ${nameOf(slice)}: address type "${slice.addressType}" is not supported`);
    }
    for (const endpoint of endpoints) {
      const known = conditionsOf(endpoint);
      for (const host of endpoint.addresses ?? []) {
        if (addressFamily === undefined || ports.length === 0) {
          const state = addressFamily === undefined ? "unsupported-type" : "no-port";
          others.push(draftOf(endpoint, slice, {
            ...{ host, known },
            family: addressFamily ?? "FQDN",
            port: { name: "", port: 0, appProtocol: null },
            state,
          }));
          continue;
        }
        for (const port of ports) {
          const draft = draftOf(endpoint, slice, { host, family: addressFamily, port, known });
          addDraft(drafts, draft);
        }
      }
    }
  }
  const candidates = [...drafts.values()];
  filterFamily(candidates, family);
  const { usable, fallback } = chooseUsable(candidates, terminatingFallback);
  const kept = fallback === null ? applyTopology(usable, topology) : usable;
  const inUse = new Set(kept);
  for (const draft of candidates) draft.usable = inUse.has(draft);
  const published = merge(kept, { family, first: service?.ipFamilies[0] });
  const unused = candidates.filter((draft) => !draft.usable);
  return {
    endpoints: [...published, ...sorted(unused), ...sorted(others)],
    usable: published,
    slices: slices.map(summaryOf),
    fallback,
    warnings,
    notes,
    empty: published.length > 0
      ? undefined
      : emptyReason(target, slices, [...candidates, ...others], portMode),
  };
}

function draftOf(
  endpoint: WireEndpoint,
  slice: EndpointSlice,
  { host, family, port, state, known }: {
    readonly known: KnownConditions;
    readonly host: string;
    readonly family: Family;
    readonly port: {
      readonly name: string;
      readonly port: number;
      readonly appProtocol: string | null;
    };
    readonly state?: ResolvedEndpoint["state"];
  },
): Draft {
  const { raw: rawConditions, effective: conditions } = known;
  const { targetRef, hints } = endpoint;
  return {
    addresses: [{ host, port: port.port, family }],
    portName: port.name,
    usable: false,
    state: state ?? stateOf(conditions),
    conditions,
    rawConditions,
    node: endpoint.nodeName ?? null,
    zone: endpoint.zone ?? null,
    hostname: endpoint.hostname ?? null,
    hints: hints === undefined || hints === null ? NO_HINTS : {
      zones: (hints.forZones ?? []).map(({ name }) => name),
      nodes: (hints.forNodes ?? []).map(({ name }) => name),
    },
    slice: nameOf(slice),
    appProtocol: port.appProtocol,
    targetRef: targetRef === null || targetRef === undefined ? null : {
      kind: targetRef.kind ?? "",
      namespace: targetRef.namespace ?? "",
      name: targetRef.name ?? "",
      uid: targetRef.uid ?? "",
    },
  };
}

const NO_HINTS: ResolvedEndpoint["hints"] = { zones: [], nodes: [] };

function stateOf(
  { ready, serving, terminating }: KnownConditions["effective"],
): ResolvedEndpoint["state"] {
  if (ready) return "ready";
  return serving && terminating ? "terminating" : "not-ready";
}

/** The same address in two slices is one; ready if either copy is, else as the last slice says. */
function addDraft(drafts: Map<string, Draft>, draft: Draft): void {
  const key = keyOf(draft);
  const before = drafts.get(key);
  if (before?.conditions.ready === true && !draft.conditions.ready) return;
  drafts.set(key, draft);
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
  const families = new Set(usable.map(({ addresses: [address] }) => address?.family));
  if (family !== "auto" || families.size < 2) return sorted(usable);
  const byPod = new Map<string, Draft[]>();
  for (const draft of sorted(usable)) {
    const pod = podOf(draft);
    const key = pod === undefined ? keyOf(draft) : `${pod} ${draft.portName}`;
    const group = byPod.get(key);
    if (group === undefined) byPod.set(key, [draft]);
    else group.push(draft);
  }
  const merged = [...byPod.values()].flatMap((group) => mergeGroup(group, first));
  return sorted(merged);
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

/** In the order in which lists are published; keys are made once, not at each comparison. */
function sorted<T extends ResolvedEndpoint>(endpoints: readonly T[]): readonly T[] {
  return endpoints
    .map((endpoint) => ({ endpoint, key: sortKey(endpoint.addresses[0]) }))
    .sort((a, b) => compare(a.key, b.key))
    .map(({ endpoint }) => endpoint);
}

/** Family, then IPv4 addresses by their bytes and other texts as they are, then port. */
function sortKey(address: (HostPort & { readonly family: Family }) | undefined): string {
  if (address === undefined) return "";
  const { host, port, family } = address;
  const text = family === "IPv4"
    ? host.split(".").map((part) => part.padStart(3, "0")).join(".")
    : host;
  return `${FAMILY_ORDER.indexOf(family)} ${text} ${String(port).padStart(5, "0")}`;
}

/** The same order for lists that are put together later. */
export function inPublishedOrder(
  endpoints: readonly ResolvedEndpoint[],
): readonly ResolvedEndpoint[] {
  return sorted(endpoints);
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
  return { kind: "none-ready", total: endpoints.length };
}

/** Endpoints hold no more; the control plane says so in an annotation (resolve.md 4.2). */
function isTruncated({ metadata }: EndpointSlice): boolean {
  return metadata.annotations?.["endpoints.kubernetes.io/over-capacity"] === "truncated";
}

function nameOf({ metadata }: EndpointSlice): string {
  return metadata.name ?? "";
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The published list in one text: another text is another list. */
export function fingerprint(usable: readonly ResolvedEndpoint[]): string {
  return usable.map(({ addresses }) => addresses.map(formatHostPort).join("+")).join(",");
}

/** `host:port`, an IPv6 address in brackets. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
