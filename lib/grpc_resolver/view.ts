/** What is known of a target as one document: of `-o json` and `-o yaml`, and of `watchEndpoints` (resolve.md 11.2). */

import { formatHostPort } from "./addresses.ts";
import { type Failure, failureOf, type Known } from "./failure.ts";
import type { Family, ResolvedEndpoint, ServiceFacts, SliceSummary } from "./resolution.ts";
import type { SourceKind } from "./source_feed.ts";
import type { Target } from "./target.ts";

/** The document; its keys in this order. */
export interface Resolution {
  /** Version of this document. */
  readonly apiVersion: "kcfg.dev/v1";
  /** Kind of this document. */
  readonly kind: "Resolution";
  /** The target as it was read. */
  readonly target: Omit<Target, "warnings">;
  /** What was read. */
  readonly source: SourceKind;
  /** Of the list or of the last event. */
  readonly resourceVersion: string;
  /** RFC 3339 with milliseconds. */
  readonly observedAt: string;
  /** Null when it was not read or is not readable. */
  readonly service: Omit<ServiceFacts, "externalName"> | null;
  /** By name. */
  readonly slices: readonly SliceSummary[];
  /** The usable ones, in published order; all of them where that was asked for. */
  readonly endpoints: readonly EndpointView[];
  /** Number of published endpoints. */
  readonly usable: number;
  /** Number of endpoints known, in any state. */
  readonly total: number;
  /** Set when none is ready and those that are shutting down serve. */
  readonly fallback: "serving-terminating" | null;
  /** What may not be as it was meant. */
  readonly warnings: readonly string[];
  /** Why nothing is usable. */
  readonly error: Failure | null;
}

/** An endpoint in the document: as it was resolved, its addresses as text. */
export interface EndpointView extends Omit<ResolvedEndpoint, "addresses"> {
  /** `host:port`, an IPv6 host in brackets. */
  readonly addresses: readonly string[];
  /** Of the first address. */
  readonly host: string;
  /** Of the first address. */
  readonly port: number;
  /** Of the first address. */
  readonly family: Family | "";
}

/** Makes the document. */
export function resolutionOf(
  known: Known,
  { all, nowMs, needed = 1 }: {
    /** Endpoints that are not usable, too. */
    readonly all: boolean;
    /** Wall clock, for a state that has not been observed. */
    readonly nowMs: number;
    /** Addresses that were waited for; fewer are an error. */
    readonly needed?: number | undefined;
  },
): Resolution {
  const { target, snapshot } = known;
  const list = snapshot?.list;
  const shown = (list?.endpoints ?? []).filter(({ usable }) => all || usable);
  const { input, canonical, service, namespace, port, portMode } = target;
  return {
    apiVersion: "kcfg.dev/v1",
    kind: "Resolution",
    target: { input, canonical, service, namespace, port, portMode },
    source: snapshot?.source ?? "endpointslices",
    resourceVersion: snapshot?.resourceVersion ?? "",
    observedAt: new Date(snapshot?.observedAtMs ?? nowMs).toISOString(),
    service: serviceView(snapshot?.service),
    slices: list?.slices ?? [],
    endpoints: shown.map(endpointView),
    usable: list?.usable.length ?? 0,
    total: list?.endpoints.length ?? 0,
    fallback: list?.fallback ?? null,
    warnings: [...target.warnings, ...list?.warnings ?? []],
    error: failureOf(known, needed) ?? null,
  };
}

function serviceView(service: ServiceFacts | undefined): Resolution["service"] {
  if (service === undefined) return null;
  const { found, type, clusterIP, headless, publishNotReadyAddresses, ipFamilies, ports } = service;
  return { found, type, clusterIP, headless, publishNotReadyAddresses, ipFamilies, ports };
}

/** One element of `endpoints`. */
export function endpointView(endpoint: ResolvedEndpoint): EndpointView {
  const [first] = endpoint.addresses;
  const { portName, usable, state, conditions, rawConditions, node, zone, hostname } = endpoint;
  const { slice, appProtocol, hints, targetRef } = endpoint;
  return {
    addresses: endpoint.addresses.map(formatHostPort),
    host: first?.host ?? "",
    port: first?.port ?? 0,
    portName,
    family: first?.family ?? "",
    ...{ usable, state, conditions, rawConditions, node, zone, hostname, slice, appProtocol },
    ...{ hints, targetRef },
  };
}
