/** What is known of a target as data: the document of `-o json` and `-o yaml` (resolve.md 11.2). */

import { formatHostPort } from "#lib/grpc_resolver/addresses.ts";
import type { ResolvedEndpoint } from "#lib/grpc_resolver/resolution.ts";
import type { Snapshot } from "#lib/grpc_resolver/resolver.ts";
import type { Target } from "#lib/grpc_resolver/target.ts";
import { errorOf } from "./exit_codes.ts";
import type { ProbeResult } from "./probe_result.ts";

/** What is known of one target. */
export interface TargetState {
  readonly target: Target;
  /** `undefined` until the server has answered. */
  readonly snapshot: Snapshot | undefined;
  /** Why the server gives nothing. */
  readonly error: unknown;
  /** Results by `host:port`; absent without `--probe`. */
  readonly probes: ReadonlyMap<string, readonly ProbeResult[]> | undefined;
}

/** One document. */
export function viewOf(
  state: TargetState,
  { all, nowMs }: { readonly all: boolean; readonly nowMs: number },
): Record<string, unknown> {
  const { target, snapshot, probes } = state;
  const list = snapshot?.list;
  const service = snapshot?.service;
  const shown = (list?.endpoints ?? []).filter(({ usable }) => all || usable);
  const { input, canonical, namespace, port, portMode } = target;
  return {
    apiVersion: "kcfg.dev/v1",
    kind: "Resolution",
    target: { input, canonical, service: target.service, namespace, port, portMode },
    source: snapshot?.source ?? "endpointslices",
    resourceVersion: snapshot?.resourceVersion ?? "",
    observedAt: new Date(snapshot?.observedAtMs ?? nowMs).toISOString(),
    service: service === undefined ? null : {
      found: service.found,
      type: service.type,
      clusterIP: service.clusterIP,
      headless: service.headless,
      publishNotReadyAddresses: service.publishNotReadyAddresses,
      ipFamilies: service.ipFamilies,
      ports: service.ports,
    },
    slices: list?.slices ?? [],
    endpoints: shown.map((endpoint) => endpointView(endpoint, probes)),
    usable: list?.usable.length ?? 0,
    total: list?.endpoints.length ?? 0,
    fallback: list?.fallback ?? null,
    warnings: [...target.warnings, ...list?.warnings ?? []],
    error: errorOf(state) ?? null,
  };
}

/** One element of `endpoints[]`. */
export function endpointView(
  endpoint: ResolvedEndpoint,
  probes?: TargetState["probes"],
): Record<string, unknown> {
  const [first] = endpoint.addresses;
  const probe = first === undefined ? undefined : probes?.get(formatHostPort(first));
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
    ...(probe === undefined ? {} : { probe: probe.length === 1 ? probe[0] : probe }),
  };
}
