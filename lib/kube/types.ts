/**
 * The shapes of Kubernetes JSON that the client itself relies on. Objects stay plain JSON: whatever is not
 * named here is kept as it came. Types of single kinds belong to whoever needs them.
 */

/** Metadata that every object carries. Wire names; unknown fields are preserved. */
export interface ObjectMeta {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  /** Opaque: only equality means something. */
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** Any object of the API. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** Answer of a collection GET; `apiVersion` and `kind` of the items are filled in by the client. */
export interface KubeList<T extends KubeObject = KubeObject> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly resourceVersion?: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: T[];
}

/** A kind of resource; `group` is empty for the core group. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  /** Plural, lower case, as in URLs. */
  readonly resource: string;
}

/** A resource, a collection or an object: whatever a URL can name. */
export interface ResourceRef extends ResourceType {
  /** Absent for cluster-scoped resources and for "all namespaces". */
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

/** The same, by kind; costs a discovery lookup, so commands with fixed kinds use `ResourceRef`. */
export interface KindRef {
  /** `v1` or `group/version`. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

/** Either way of addressing. */
export type ObjectRef = ResourceRef | KindRef;

/** One entry of `Status.details.causes`. */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** `Status.details`. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** The API server's own error object. */
export interface Status {
  readonly kind: "Status";
  readonly status?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: StatusDetails | null;
  readonly metadata?: { readonly continue?: string; readonly resourceVersion?: string };
}

/** Verbs of RBAC that the client can need. */
export type Verb =
  | "get"
  | "list"
  | "watch"
  | "create"
  | "update"
  | "patch"
  | "delete"
  | "deletecollection";

/** Whether a value is a JSON object (not null, not an array). */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
