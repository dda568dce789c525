/**
 * What the Kubernetes client offers, as narrow interfaces: a part asks for the one it needs and tests pass
 * plain objects. Only types here; `client.ts` has the implementation. The words these interfaces speak in are
 * in `operations.ts` and `informer/contract.ts`, and come with them.
 */

import type { Clock } from "#lib/run/clock.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { AccessReview, AccessRule } from "./access.ts";
import type { ApiResource } from "./api_resources.ts";
import type { KubeConnection } from "./config/connection.ts";
import type { ApiCatalog } from "./discovery.ts";
import type { Informer, InformerOptions } from "./informer/contract.ts";
import type { KubeMetrics } from "./metrics.ts";
import type {
  ApplyOptions,
  DeleteOptions,
  GetOptions,
  ListOptions,
  LogOptions,
  LogStream,
  Patch,
  RawAnswer,
  RawOptions,
  RequestOptions,
  Selection,
  ServerVersion,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./operations.ts";
import type { KubePlatform } from "./platform.ts";
import type { KubeScope } from "./scope/client_scope.ts";
import type { Transport, TransportOptions } from "./transport/contract.ts";
import type { KubeList, KubeObject, ObjectRef, Status } from "./types.ts";

export type * from "./informer/contract.ts";
export type * from "./operations.ts";

/** Reads objects and collections. Every failure is a `KubeError`; an absent object is `isNotFound`. */
export interface KubeReader {
  /** One object; `apiVersion` and `kind` as the server sent them. */
  get<T extends KubeObject = KubeObject>(ref: ObjectRef, options?: GetOptions): Promise<T>;
  /** The whole collection, fetched in pages, with the resource version of the first one. */
  list<T extends KubeObject = KubeObject>(
    ref: ObjectRef,
    options?: ListOptions,
  ): Promise<KubeList<T>>;
  /** Page by page. @throws {ListExpiredError} when the snapshot is gone in between */
  listPages<T extends KubeObject = KubeObject>(
    ref: ObjectRef,
    options?: ListOptions,
  ): AsyncIterable<KubeList<T>>;
  /** Item by item, one page in memory. @throws {ListExpiredError} as `listPages` */
  listAll<T extends KubeObject = KubeObject>(
    ref: ObjectRef,
    options?: ListOptions,
  ): AsyncIterable<T>;
}

/** Follows collections. */
export interface KubeWatcher {
  /** One watch request, no reconnect. Throws when the start is refused; later ends come as `END`. */
  watch<T extends KubeObject = KubeObject>(
    ref: ObjectRef,
    options?: WatchOptions,
  ): AsyncIterable<WatchEvent<T>>;
  /** A self-healing copy of a collection, shared inside the client between equal options. */
  informer<T extends KubeObject = KubeObject>(options: InformerOptions): Informer<T>;
}

/** Changes objects. */
export interface KubeWriter {
  /** `object` may have `generateName` instead of a name. */
  create<T extends KubeObject = KubeObject>(
    ref: ObjectRef,
    object: Readonly<Record<string, unknown>>,
    options?: WriteOptions,
  ): Promise<T>;
  /** Replaces the object; with a `resourceVersion` inside, only if unchanged. */
  update<T extends KubeObject = KubeObject>(
    ref: ObjectRef,
    object: Readonly<Record<string, unknown>>,
    options?: WriteOptions,
  ): Promise<T>;
  /** Changes parts of the object; never repeated by itself, not even after a conflict. */
  patch<T extends KubeObject = KubeObject>(
    ref: ObjectRef,
    patch: Patch,
    options?: WriteOptions,
  ): Promise<T>;
  /** Server-side apply. Needs the verbs patch and create. */
  apply<T extends KubeObject = KubeObject>(
    ref: ObjectRef,
    object: Readonly<Record<string, unknown>>,
    options?: ApplyOptions,
  ): Promise<T>;
  /** The answer is the deleted object, or a `Status` when it is gone at once. */
  delete(ref: ObjectRef, options?: DeleteOptions): Promise<KubeObject | Status | undefined>;
  /** Deletes what the selection names, or all of the collection without one. */
  deleteCollection(ref: ObjectRef, options?: DeleteOptions & Selection): Promise<void>;
}

/** Subresources with a name of their own. Others: pass `subresource` in the reference. */
export interface KubeSubresources {
  /** Any subresource that is read by GET. */
  getSubresource<T = unknown>(
    ref: ObjectRef,
    subresource: string,
    options?: GetOptions,
  ): Promise<T>;
  /** `update` of `status` alone. */
  updateStatus<T extends KubeObject = KubeObject>(
    ref: ObjectRef,
    object: Readonly<Record<string, unknown>>,
    options?: WriteOptions,
  ): Promise<T>;
  /** `patch` of `status` alone. */
  patchStatus<T extends KubeObject = KubeObject>(
    ref: ObjectRef,
    patch: Patch,
    options?: WriteOptions,
  ): Promise<T>;
  /** The `Scale` of a workload. */
  getScale(ref: ObjectRef, options?: GetOptions): Promise<KubeObject>;
  /** Sets the number of replicas by a whole `Scale`. */
  updateScale(
    ref: ObjectRef,
    scale: Readonly<Record<string, unknown>>,
    options?: WriteOptions,
  ): Promise<KubeObject>;
  /** Evicts a pod through `pods/eviction`. */
  evict(
    pod: { readonly namespace: string; readonly name: string },
    options?: DeleteOptions,
  ): Promise<void>;
  /** A token of a service account; `expirationSeconds` 3600 by default. */
  createToken(
    account: { readonly namespace: string; readonly name: string },
    options?: RequestOptions & {
      readonly audiences?: readonly string[];
      readonly expirationSeconds?: number;
    },
  ): Promise<{ readonly token: string; readonly expirationTimestamp: string }>;
  /** Opens the log of a container; with `follow` it ends with the container. */
  logs(
    pod: { readonly namespace: string; readonly name: string },
    options?: LogOptions,
  ): Promise<LogStream>;
}

/** What the server has. Costs requests to `/api` and `/apis`; commands with fixed kinds do without. */
export interface KubeDiscovery {
  /** Everything, at most ten minutes old; groups that cannot be read are named apart. */
  catalog(): Promise<ApiCatalog>;
  /** By API version and kind. @throws {KubeError} when the server has none */
  byKind(apiVersion: string, kind: string): Promise<ApiResource>;
  /** As people say it: `po`, `Pod`, `deployments.apps`. @throws {KubeError} when the server has none */
  byName(name: string): Promise<ApiResource>;
}

/** The whole client. */
export interface KubeClient extends KubeReader, KubeWatcher, KubeWriter, KubeSubresources {
  /** Namespace of the configuration; operations never add it by themselves. */
  readonly namespace: string;
  /** Finds kinds by name. */
  readonly discovery: KubeDiscovery;
  /** Any request; the path is relative to the server, absolute URLs are refused. */
  raw(method: string, path: string, options?: RawOptions): Promise<RawAnswer>;
  /** One review per rule and verb; always within scope. */
  accessReview(rules: readonly AccessRule[], options?: RequestOptions): Promise<AccessReview[]>;
  /** `GET /version`; the scope must list that path. */
  serverVersion(options?: RequestOptions): Promise<ServerVersion>;
  /** Stops informers, fails open streams and closes connections; idempotent. */
  close(): Promise<void>;
}

/** Options of `createKubeClient` (`client.ts`). */
export interface KubeClientOptions {
  /** Server and credentials; not needed with a `transport` of one's own. */
  readonly config?: KubeConnection | undefined;
  /** Files and processes for credentials; needed when `config` names files or an exec plugin. */
  readonly platform?: KubePlatform | undefined;
  /** What the client may ask for; `unrestricted()` in tests. */
  readonly scope: KubeScope;
  /** Instead of connecting by `config`. The client closes it. */
  readonly transport?: Transport | undefined;
  /** Ping and connect times and the like, for a transport made from `config`. */
  readonly transportOptions?: Partial<TransportOptions> | undefined;
  /** Time; the system's by default. */
  readonly clock?: Clock | undefined;
  /** In [0, 1); `Math.random` by default. */
  readonly random?: (() => number) | undefined;
  /** Told what happens; silent by default. */
  readonly logger?: Logger | undefined;
  /** Counts what happens; dropped by default. */
  readonly metrics?: KubeMetrics | undefined;
  /** Sent as `User-Agent`; `kcfg` by default. */
  readonly userAgent?: string | undefined;
  /** Field manager of `apply`; `kcfg` by default. */
  readonly fieldManager?: string | undefined;
  /** Time-out of requests that are no streams, ms; 30,000 by default, 0 = none. */
  readonly requestTimeoutMs?: number | undefined;
  /** Requests per second, 20 by default; negative disables the limiter. */
  readonly qps?: number | undefined;
  /** Requests that may go at once, 40 by default. */
  readonly burst?: number | undefined;
  /** Silences the API server's warnings. */
  readonly hideApiWarnings?: boolean | undefined;
  /** Logs bodies at debug level, without the content of Secrets and without tokens; streams excepted. */
  readonly traceBodies?: boolean | undefined;
}
