/** What the engine makes of the slices of a Service: endpoints with their state, and the list a channel gets. */

/** An address in use. */
export interface HostPort {
  /** Address or name, an IPv6 address without brackets. */
  readonly host: string;
  /** 1 to 65,535. */
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
  /** Empty for the port without a name. */
  readonly portName: string;
  /** Whether channels get it. */
  readonly usable: boolean;
  /** Why, or why not. */
  readonly state: EndpointState;
  /** With what absence means filled in. */
  readonly conditions: Conditions;
  /** As they came. */
  readonly rawConditions: RawConditions;
  /** Node it runs on. */
  readonly node: string | null;
  /** Zone it runs in. */
  readonly zone: string | null;
  /** Its own name within the Service. */
  readonly hostname: string | null;
  /** For whom the control plane means it. */
  readonly hints: { readonly zones: readonly string[]; readonly nodes: readonly string[] };
  /** Name of the slice it stands in. */
  readonly slice: string;
  /** What is spoken there. */
  readonly appProtocol: string | null;
  /** The object behind it. */
  readonly targetRef: TargetRef | null;
}

/** Conditions with what absence means filled in. */
export interface Conditions {
  /** Takes new connections; true when absent. */
  readonly ready: boolean;
  /** Answers, be it that it is about to end; as `ready` when absent. */
  readonly serving: boolean;
  /** Is about to end; false when absent. */
  readonly terminating: boolean;
}

/** Conditions as they came. */
export interface RawConditions {
  /** Null when absent. */
  readonly ready: boolean | null;
  /** Null when absent. */
  readonly serving: boolean | null;
  /** Null when absent. */
  readonly terminating: boolean | null;
}

/** The object behind an endpoint. */
export interface TargetRef {
  /** `Pod`, mostly. */
  readonly kind: string;
  /** Empty when absent. */
  readonly namespace: string;
  /** Empty when absent. */
  readonly name: string;
  /** Empty when absent. */
  readonly uid: string;
}

/** A slice as it is shown. */
export interface SliceSummary {
  /** Name of the object. */
  readonly name: string;
  /** `IPv4`, `IPv6`, `FQDN`, or what a later version may have. */
  readonly addressType: string;
  /** Number of endpoints in it, in any state. */
  readonly endpoints: number;
  /** The controller that writes it; null when unknown. */
  readonly managedBy: string | null;
  /** All ports, also those that gRPC cannot use. */
  readonly ports: readonly SlicePort[];
}

/** A port of a slice. */
export interface SlicePort {
  /** Empty for the port without a name. */
  readonly name: string;
  /** Null means all ports. */
  readonly port: number | null;
  /** `TCP` when absent. */
  readonly protocol: string;
  /** What is spoken there, such as `kubernetes.io/h2c`. */
  readonly appProtocol: string | null;
}

/** Why nothing is usable. */
export type EmptyReason =
  | { readonly kind: "no-slices" }
  /** `leftOut` are ready, and of another family than the one asked for. */
  | { readonly kind: "none-ready"; readonly total: number; readonly leftOut: number }
  | { readonly kind: "no-port"; readonly wanted: string; readonly available: readonly string[] };

/** All that is known at one moment. */
export interface AddressList {
  /** Every endpoint, the usable ones in their published order first. */
  readonly endpoints: readonly ResolvedEndpoint[];
  /** The published ones. */
  readonly usable: readonly ResolvedEndpoint[];
  /** By name. */
  readonly slices: readonly SliceSummary[];
  /** Set when none is ready and those that are shutting down serve. */
  readonly fallback: "serving-terminating" | null;
  /** What may not be as it was meant. */
  readonly warnings: readonly string[];
  /** What was decided where there was a choice. */
  readonly notes: readonly string[];
  /** Set when `usable` is empty. */
  readonly empty: EmptyReason | undefined;
}

/** What is known of the Service itself. */
export interface ServiceFacts {
  /** Whether the Service exists. */
  readonly found: boolean;
  /** `ClusterIP`, `ExternalName` and so on; empty when it does not exist. */
  readonly type: string;
  /** `None` for a headless one. */
  readonly clusterIP: string;
  /** Whether it has no address of its own. */
  readonly headless: boolean;
  /** Whether the control plane calls every endpoint ready. */
  readonly publishNotReadyAddresses: boolean;
  /** In order of preference. */
  readonly ipFamilies: readonly string[];
  /** Of `ExternalName` Services. */
  readonly externalName: string;
  /** Its own ports, and the pods' behind them. */
  readonly ports: readonly ServicePort[];
}

/** A port of a Service. */
export interface ServicePort {
  /** Empty for the port without a name. */
  readonly name: string;
  /** Number at the Service's own address. */
  readonly port: number;
  /** Number or name at the pods. */
  readonly targetPort: string;
  /** `TCP` when absent. */
  readonly protocol: string;
  /** What is spoken there. */
  readonly appProtocol: string | null;
}
