/** What the engine makes of the slices of a Service: endpoints with their state, and the list a channel gets. */

/** An address in use. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Kind of an address. */
export type Family = "IPv4" | "IPv6" | "FQDN";

/** Why an endpoint is used or not. */
export type EndpointState =
  | "ready"
  | "terminating"
  | "not-ready"
  | "filtered:zone"
  | "filtered:node"
  | "filtered:family"
  | "no-port"
  | "unsupported-type";

/** An endpoint, possibly with an address of each family. */
export interface ResolvedEndpoint {
  /** In the order in which they are tried. */
  readonly addresses: readonly (HostPort & { readonly family: Family })[];
  readonly portName: string;
  readonly usable: boolean;
  readonly state: EndpointState;
  readonly conditions: Conditions;
  readonly rawConditions: RawConditions;
  readonly node: string | null;
  readonly zone: string | null;
  readonly hostname: string | null;
  readonly hints: { readonly zones: readonly string[]; readonly nodes: readonly string[] };
  /** Name of the slice it stands in. */
  readonly slice: string;
  readonly appProtocol: string | null;
  readonly targetRef: TargetRef | null;
}

/** Conditions with what absence means filled in. */
export interface Conditions {
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
}

/** Conditions as they came. */
export interface RawConditions {
  readonly ready: boolean | null;
  readonly serving: boolean | null;
  readonly terminating: boolean | null;
}

/** The object behind an endpoint. */
export interface TargetRef {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** A slice as it is shown. */
export interface SliceSummary {
  readonly name: string;
  readonly addressType: string;
  readonly endpoints: number;
  readonly managedBy: string | null;
  readonly ports: readonly SlicePort[];
}

/** A port of a slice. */
export interface SlicePort {
  readonly name: string;
  readonly port: number | null;
  readonly protocol: string;
  readonly appProtocol: string | null;
}

/** Why nothing is usable. */
export type EmptyReason =
  | { readonly kind: "no-slices" }
  | { readonly kind: "none-ready"; readonly total: number }
  | { readonly kind: "no-port"; readonly wanted: string; readonly available: readonly string[] };

/** All that is known at one moment. */
export interface AddressList {
  /** Every endpoint, the usable ones in their published order first. */
  readonly endpoints: readonly ResolvedEndpoint[];
  /** The published ones. */
  readonly usable: readonly ResolvedEndpoint[];
  readonly slices: readonly SliceSummary[];
  readonly fallback: "serving-terminating" | null;
  readonly warnings: readonly string[];
  /** What was decided where there was a choice. */
  readonly notes: readonly string[];
  /** Set when `usable` is empty. */
  readonly empty: EmptyReason | undefined;
}

/** What is known of the Service itself. */
export interface ServiceFacts {
  readonly found: boolean;
  readonly type: string;
  readonly clusterIP: string;
  readonly headless: boolean;
  readonly publishNotReadyAddresses: boolean;
  readonly ipFamilies: readonly string[];
  readonly externalName: string;
  readonly ports: readonly {
    readonly name: string;
    readonly port: number;
    readonly targetPort: string;
    readonly protocol: string;
    readonly appProtocol: string | null;
  }[];
}
