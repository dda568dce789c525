/**
 * The shapes of Kubernetes JSON that the client itself relies on. Objects stay plain JSON: whatever is not
 * named here is kept as it came. Types of single kinds belong to whoever needs them.
 */

/** Metadata that every object carries. Wire names; unknown fields are preserved. */
export interface ObjectMeta {
  /** Unique in its namespace and kind. */
  readonly name?: string;
  /** Prefix from which the server makes a name. */
  readonly generateName?: string;
  /** Absent for cluster-scoped objects. */
  readonly namespace?: string;
  /** Differs between objects that had the same name one after the other. */
  readonly uid?: string;
  /** Opaque: only equality means something. */
  readonly resourceVersion?: string;
  /** Counts changes of the desired state. */
  readonly generation?: number;
  /** RFC 3339, set by the server. */
  readonly creationTimestamp?: string;
  /** RFC 3339, set while the object waits for its finalizers. */
  readonly deletionTimestamp?: string;
  /** For selecting. */
  readonly labels?: Readonly<Record<string, string>>;
  /** For anything else. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Further members, as on the wire. */
  readonly [field: string]: unknown;
}

/** Any object of the API. */
export interface KubeObject {
  /** Group and version, such as `apps/v1`. */
  readonly apiVersion?: string;
  /** Such as `Deployment`. */
  readonly kind?: string;
  /** Name, labels and what the server keeps about the object. */
  readonly metadata: ObjectMeta;
  /** Further members, as on the wire. */
  readonly [field: string]: unknown;
}

/** Answer of a collection GET; `apiVersion` and `kind` of the items are filled in by the client. */
export interface KubeList<T extends KubeObject = KubeObject> {
  /** Group and version of the items. */
  readonly apiVersion: string;
  /** Kind of the list, such as `PodList`. */
  readonly kind: string;
  /** Version of the state, and how to continue. */
  readonly metadata: {
    readonly resourceVersion?: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  /** Objects, with `kind` and `apiVersion` filled in. */
  readonly items: T[];
}

/** A kind of resource; `group` is empty for the core group. */
export interface ResourceType {
  /** API group; the core group is empty. */
  readonly group: string;
  /** Version of the group. */
  readonly version: string;
  /** Plural, lower case, as in URLs. */
  readonly resource: string;
}

/** A resource, a collection or an object: whatever a URL can name. */
export interface ResourceRef extends ResourceType {
  /** Absent for cluster-scoped resources and for "all namespaces". */
  readonly namespace?: string | undefined;
  /** Object name; absent for collections. */
  readonly name?: string | undefined;
  /** Such as `status` or `scale`. */
  readonly subresource?: string | undefined;
}

/** The same, by kind; costs a discovery lookup, so commands with fixed kinds use `ResourceRef`. */
export interface KindRef {
  /** `v1` or `group/version`. */
  readonly apiVersion: string;
  /** Such as `Deployment`. */
  readonly kind: string;
  /** Absent for cluster-scoped objects and for all namespaces. */
  readonly namespace?: string | undefined;
  /** Object name; absent for collections. */
  readonly name?: string | undefined;
  /** Such as `status` or `scale`. */
  readonly subresource?: string | undefined;
}

/** Either way of addressing. */
export type ObjectRef = ResourceRef | KindRef;

/** One entry of `Status.details.causes`. */
export interface StatusCause {
  /** Machine-readable cause. */
  readonly reason?: string;
  /** For people. */
  readonly message?: string;
  /** JSON path of the field. */
  readonly field?: string;
}

/** `Status.details`. */
export interface StatusDetails {
  /** Object name. */
  readonly name?: string;
  /** API group. */
  readonly group?: string;
  /** Resource, or kind for validation errors. */
  readonly kind?: string;
  /** Uid of the object. */
  readonly uid?: string;
  /** One for each field at fault. */
  readonly causes?: readonly StatusCause[];
  /** How long to wait before trying again. */
  readonly retryAfterSeconds?: number;
}

/** The API server's own error object. */
export interface Status {
  /** Always `Status`. */
  readonly kind: "Status";
  /** `Success` or `Failure`. */
  readonly status?: string;
  /** For people. */
  readonly message?: string;
  /** Machine-readable reason, such as `NotFound`. */
  readonly reason?: string;
  /** HTTP status. */
  readonly code?: number;
  /** What the error is about. */
  readonly details?: StatusDetails | null;
  /** Of a list that expired. */
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
