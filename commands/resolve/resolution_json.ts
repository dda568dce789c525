/** A resolution as JSON and YAML show it (resolve.md 11.2); the order of the members is part of the form. */

import { formatHostPort } from "#lib/grpc_resolver/addresses.ts";
import type { Published } from "#lib/grpc_resolver/engine.ts";
import type { ResolvedEndpoint } from "#lib/grpc_resolver/resolution.ts";
import type { Target } from "#lib/grpc_resolver/target.ts";
import type { ProbeResult } from "./probe_result.ts";

/** A target with what is known of it. */
export interface Resolved {
  readonly target: Target;
  /** `undefined` when the server gave no answer. */
  readonly published: Published | undefined;
  /** What is wrong; `undefined` when there are usable addresses. */
  readonly failure: { readonly code: string; readonly message: string } | undefined;
  /** By `host:port`. */
  readonly probes: ReadonlyMap<string, ProbeResult>;
}

/** A resolution as it is written; its members are those of resolve.md 11.2. */
export interface ResolutionDocument {
  readonly observedAt: string;
  readonly [member: string]: unknown;
}

const API_VERSION = "kcfg.dev/v1";

/** One object, or a list of several. */
export function toDocument(resolved: readonly Resolved[], all: boolean): unknown {
  const [only] = resolved;
  if (resolved.length === 1 && only !== undefined) return resolutionOf(only, all);
  return {
    apiVersion: API_VERSION,
    kind: "ResolutionList",
    items: resolved.map((one) => resolutionOf(one, all)),
  };
}

/** The resolution of one target. */
export function resolutionOf(
  { target, published, failure, probes }: Resolved,
  all: boolean,
): ResolutionDocument {
  const { list } = published ?? {};
  const shown = all ? list?.endpoints : list?.usable;
  return {
    apiVersion: API_VERSION,
    kind: "Resolution",
    target: {
      input: target.input,
      canonical: target.canonical,
      service: target.service,
      namespace: target.namespace,
      port: target.port,
      portMode: target.portMode,
    },
    source: published?.source ?? "endpointslices",
    resourceVersion: published?.resourceVersion ?? "",
    observedAt: new Date(published?.atMs ?? Date.now()).toISOString(),
    service: serviceOf(published),
    slices: (list?.slices ?? []).map(({ name, addressType, endpoints, managedBy, ports }) => ({
      ...{ name, addressType, endpoints, managedBy, ports },
    })),
    endpoints: (shown ?? []).map((endpoint) => endpointOf(endpoint, probes)),
    usable: list?.usable.length ?? 0,
    total: list?.endpoints.length ?? 0,
    fallback: list?.fallback ?? null,
    warnings: [...target.warnings, ...list?.warnings ?? []],
    error: failure === undefined ? null : { code: failure.code, message: failure.message },
  };
}

function serviceOf(published: Published | undefined) {
  const service = published?.service;
  if (service === undefined) return null;
  const { found, type, clusterIP, headless, publishNotReadyAddresses, ipFamilies, ports } = service;
  return { found, type, clusterIP, headless, publishNotReadyAddresses, ipFamilies, ports };
}

/** One endpoint. */
export function endpointOf(
  endpoint: ResolvedEndpoint,
  probes: ReadonlyMap<string, ProbeResult>,
): Readonly<Record<string, unknown>> {
  const [first] = endpoint.addresses;
  const probe = first === undefined ? undefined : probes.get(formatHostPort(first));
  return {
    addresses: endpoint.addresses.map(formatHostPort),
    host: first?.host ?? "",
    port: first?.port ?? 0,
    portName: endpoint.portName,
    family: first?.family ?? "IPv4",
    usable: endpoint.usable,
    state: endpoint.state,
    conditions: endpoint.conditions,
    rawConditions: endpoint.rawConditions,
    node: endpoint.node,
    zone: endpoint.zone,
    hostname: endpoint.hostname,
    slice: endpoint.slice,
    appProtocol: endpoint.appProtocol,
    hints: endpoint.hints,
    targetRef: endpoint.targetRef,
    ...(probe !== undefined && { probe }),
  };
}
