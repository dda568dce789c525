/** EndpointSlices as on the wire, Endpoints turned into them, and Services; views, never more than is used. */

import type { KubeObject } from "#lib/kube/types.ts";
import type { ServiceFacts } from "./resolution.ts";

/** A port of a slice as on the wire. */
export interface WirePort {
  readonly name?: string | null;
  readonly port?: number | null;
  readonly protocol?: string | null;
  readonly appProtocol?: string | null;
}

/** An endpoint as on the wire. */
export interface WireEndpoint {
  readonly addresses?: readonly string[] | null;
  readonly conditions?: {
    readonly ready?: boolean | null;
    readonly serving?: boolean | null;
    readonly terminating?: boolean | null;
  } | null;
  readonly hostname?: string | null;
  readonly nodeName?: string | null;
  readonly zone?: string | null;
  readonly hints?: {
    readonly forZones?: readonly { readonly name: string }[] | null;
    readonly forNodes?: readonly { readonly name: string }[] | null;
  } | null;
  readonly targetRef?: {
    readonly kind?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly uid?: string;
  } | null;
}

/** An EndpointSlice (discovery.k8s.io/v1). Null lists are empty ones. */
export type EndpointSlice = KubeObject & {
  readonly addressType?: string;
  readonly endpoints?: readonly WireEndpoint[] | null;
  readonly ports?: readonly WirePort[] | null;
};

/** Endpoints (v1), for clusters or roles without slices. */
export type Endpoints = KubeObject & {
  readonly subsets?:
    | readonly {
      readonly addresses?: readonly WireAddress[] | null;
      readonly notReadyAddresses?: readonly WireAddress[] | null;
      readonly ports?: readonly WirePort[] | null;
    }[]
    | null;
};

interface WireAddress {
  readonly ip: string;
  readonly hostname?: string | null;
  readonly nodeName?: string | null;
  readonly targetRef?: WireEndpoint["targetRef"];
}

/** A Service (v1). */
export type Service = KubeObject & {
  readonly spec?: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly externalName?: string;
    readonly ipFamilies?: readonly string[];
    readonly publishNotReadyAddresses?: boolean;
    readonly ports?: readonly {
      readonly name?: string;
      readonly port: number;
      readonly targetPort?: number | string;
      readonly protocol?: string;
      readonly appProtocol?: string;
    }[];
  };
};

/** Label by which slices belong to a Service. */
export const SERVICE_LABEL = "kubernetes.io/service-name";

/** Endpoints as slices, one a subset and family (resolve.md 4.2). */
export function slicesOfEndpoints(endpoints: Endpoints): readonly EndpointSlice[] {
  return (endpoints.subsets ?? []).flatMap((subset, index) => {
    const all: WireEndpoint[] = [
      ...(subset.addresses ?? []).map((address) => endpointOf(address, { isReady: true })),
      ...(subset.notReadyAddresses ?? []).map((address) => endpointOf(address, { isReady: false })),
    ];
    return ["IPv4", "IPv6"].flatMap((addressType) => {
      const ofFamily = all.filter(({ addresses }) =>
        (addresses?.[0]?.includes(":") === true) === (addressType === "IPv6")
      );
      if (ofFamily.length === 0) return [];
      return [{
        metadata: {
          ...endpoints.metadata,
          name: `${endpoints.metadata.name}-${index}-${addressType}`,
        },
        addressType,
        endpoints: ofFamily,
        ports: subset.ports ?? null,
      }];
    });
  });
}

function endpointOf(
  { ip, hostname, nodeName, targetRef }: WireAddress,
  { isReady }: { readonly isReady: boolean },
): WireEndpoint {
  return {
    addresses: [ip],
    conditions: { ready: isReady, serving: isReady, terminating: false },
    hostname: hostname ?? null,
    nodeName: nodeName ?? null,
    targetRef: targetRef ?? null,
  };
}

/** What is told of a Service; for one that does not exist, too. */
export function factsOf(service: Service | undefined): ServiceFacts {
  const spec = service?.spec ?? {};
  const clusterIP = spec.clusterIP ?? "";
  return {
    found: service !== undefined,
    type: spec.type ?? "",
    clusterIP,
    headless: clusterIP === "None",
    publishNotReadyAddresses: spec.publishNotReadyAddresses ?? false,
    ipFamilies: spec.ipFamilies ?? [],
    externalName: spec.externalName ?? "",
    ports: (spec.ports ?? []).map(({ name, port, targetPort, protocol, appProtocol }) => ({
      name: name ?? "",
      port,
      targetPort: String(targetPort ?? port),
      protocol: protocol ?? "TCP",
      appProtocol: appProtocol ?? null,
    })),
  };
}
