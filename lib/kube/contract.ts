/**
 * What the Kubernetes client offers, as narrow interfaces: a part asks for the one it needs and tests pass
 * plain objects. Only types here; `client.ts` has the implementation.
 */

import type { Clock } from "#lib/run/clock.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { AccessReview, AccessRule } from "./access_review.ts";
import type { ApiResource } from "./api_resources.ts";
import type { KubeConnection } from "./config/connection.ts";
import type { ApiCatalog } from "./discovery.ts";
import type { KubeMetrics } from "./metrics.ts";
import type { KubePlatform } from "./platform.ts";
import type { KubeScope } from "./scope/client_scope.ts";
import type { LabelSelector } from "./selectors.ts";
import type { Transport, TransportOptions } from "./transport/contract.ts";
import type { KubeList, KubeObject, ObjectRef, Status } from "./types.ts";

/** Options of every operation. */
export interface RequestOptions {
  /** Aborting rejects with the signal's reason (an `AbortError` by default) and frees the stream. */
  readonly signal?: AbortSignal | undefined;
  /** Whole request, or until headers for streams; the client's request timeout by default; 0 = none. */
  readonly timeoutMs?: number | undefined;
  /** Extra header lines; an array sends one line per value. `Authorization` here beats all credentials. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** API warnings of this request are expected: log them at debug level. */
  readonly expectWarnings?: boolean | undefined;
}

/** Options of `get`. */
export interface GetOptions extends RequestOptions {
  /** Unset = most recent, `"0"` = any, from the server's cache. */
  readonly resourceVersion?: string | undefined;
}

/** Which objects of a collection. */
export interface Selection {
  /** Labels the objects must have. */
  readonly labelSelector?: string | LabelSelector | undefined;
  /** Fields the objects must have, in the API's syntax. */
  readonly fieldSelector?: string | undefined;
}

/** Options of the list operations. */
export interface ListOptions extends RequestOptions, Selection {
  /** Page size, 500 by default; 0 = one page. */
  readonly limit?: number | undefined;
  /** Unset = most recent, `"0"` = any, `"N"` = not older than (one page then). */
  readonly resourceVersion?: string | undefined;
  /** How `resourceVersion` is meant; needs one. */
  readonly resourceVersionMatch?: "Exact" | "NotOlderThan" | undefined;
  /** `listPages` and `listAll` go on with a newer snapshot when the server offers one after a 410. */
  readonly allowInconsistent?: boolean | undefined;
}

/** Options of `watch`. */
export interface WatchOptions extends RequestOptions, Selection {
  /** Where to begin; without it with the present state in no order. */
  readonly resourceVersion?: string | undefined;
  /** How `resourceVersion` is meant; with `sendInitialEvents` only. */
  readonly resourceVersionMatch?: "NotOlderThan" | undefined;
  /** Ask for the present state as events, ended by a bookmark. */
  readonly sendInitialEvents?: boolean | undefined;
  /** Lower end of the random `timeoutSeconds`; 300 at least and by default. */
  readonly minWatchTimeoutSeconds?: number | undefined;
  /** Longest line, 16 MiB by default. */
  readonly maxLineBytes?: number | undefined;
}

/** Why a watch stream ended. */
export type WatchEndReason = "eof" | "aborted" | "idle" | "decode" | "network";

/** What a raw watch yields. The last item is always `END`; nothing follows an `ERROR` but `END`. */
export type WatchEvent<T extends KubeObject = KubeObject> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK"; readonly object: T }
  | { readonly type: "ERROR"; readonly object: Status }
  | { readonly type: "END"; readonly reason: WatchEndReason; readonly error?: unknown };

/** Options common to writes. */
export interface WriteOptions extends RequestOptions {
  /** Sends `dryRun=All`. */
  readonly dryRun?: boolean | undefined;
  /** Name of the field manager; the client's by default for `apply`, unsent otherwise. */
  readonly fieldManager?: string | undefined;
  /** `Strict` by default. */
  readonly fieldValidation?: "Strict" | "Warn" | "Ignore" | undefined;
}

/** Options of `apply`. */
export interface ApplyOptions extends WriteOptions {
  /** Takes fields over from other managers; false by default. */
  readonly force?: boolean | undefined;
}

/** Options of the deletes; a body is sent only when one of them is set. */
export interface DeleteOptions extends RequestOptions {
  /** Check and answer as usual, but change nothing. */
  readonly dryRun?: boolean | undefined;
  /** What happens to dependents; the resource's default otherwise. */
  readonly propagationPolicy?: "Orphan" | "Background" | "Foreground" | undefined;
  /** Seconds until the object is removed; the object's default otherwise. */
  readonly gracePeriodSeconds?: number | undefined;
  /** Delete only when the object is still this one. */
  readonly preconditions?:
    | { readonly uid?: string; readonly resourceVersion?: string }
    | undefined;
}

/** One operation of a JSON patch (RFC 6902). */
export interface JsonPatchOperation {
  /** What to do. */
  readonly op: "add" | "remove" | "replace" | "move" | "copy" | "test";
  /** JSON pointer to the place. */
  readonly path: string;
  /** JSON pointer to the source of `move` and `copy`. */
  readonly from?: string;
  /** New value of `add`, `replace` and `test`. */
  readonly value?: unknown;
}

/** A patch with its media type. A strategic patch of a custom resource is answered with 415. */
export type Patch =
  | { readonly type: "json"; readonly body: readonly JsonPatchOperation[] }
  | { readonly type: "merge" | "strategic"; readonly body: Readonly<Record<string, unknown>> };

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

/** Options of `logs`; wire meaning as in the API. */
export interface LogOptions extends RequestOptions {
  /** Name of the container; needed when the pod has several. */
  readonly container?: string | undefined;
  /** Go on with what is written later. */
  readonly follow?: boolean | undefined;
  /** The container's run before the present one. */
  readonly previous?: boolean | undefined;
  /** Only lines of the last seconds. */
  readonly sinceSeconds?: number | undefined;
  /** Only lines since this time, RFC 3339. */
  readonly sinceTime?: string | undefined;
  /** Put an RFC 3339 time before each line. */
  readonly timestamps?: boolean | undefined;
  /** Only so many last lines. */
  readonly tailLines?: number | undefined;
  /** End after so many bytes. */
  readonly limitBytes?: number | undefined;
  /** Let the API server accept any certificate of the kubelet. */
  readonly insecureSkipTLSVerifyBackend?: boolean | undefined;
}

/** An open log; read either `bytes` or `lines`, once. Leaving the loop frees the stream. */
export interface LogStream {
  /** What was written, as it comes; leaving the loop ends the stream. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Lines without their end; the last one may lack it. Lines over 1 MiB are an error. */
  readonly lines: AsyncIterable<string>;
  /** Frees the stream; idempotent. */
  cancel(): void;
}

/** Options of `raw`. */
export interface RawOptions extends RequestOptions {
  /** Query parameters. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  /** Request body. */
  readonly body?: string | Uint8Array | undefined;
  /** Type of the body; `application/json` by default. */
  readonly contentType?: string | undefined;
  /** Wanted type of the answer; `application/json` by default. */
  readonly accept?: string | undefined;
}

/** Answer of `raw`; statuses other than 2xx throw instead. */
export interface RawAnswer {
  /** HTTP status, always 2xx. */
  readonly status: number;
  /** Header lines by lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Body, decompressed. */
  readonly bytes: Uint8Array;
}

/** Answer of `/version`; `major` and `minor` may carry a suffix such as `27+`. */
export interface ServerVersion {
  /** Major version, such as `1`. */
  readonly major: string;
  /** Minor version, such as `34`. */
  readonly minor: string;
  /** Full version, such as `v1.34.1`. */
  readonly gitVersion: string;
  /** Anything else the server says. */
  readonly [field: string]: unknown;
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

/** How an informer gets its first state. `auto` is `list-watch` unless list is denied. */
export type InformerMode = "list-watch" | "watch-list" | "auto";

/** Options of `informer`; equal ones share one informer per client. */
export interface InformerOptions extends Selection {
  /** What to copy. */
  readonly resource: ObjectRef;
  /** `"0"` (default) takes the first list from the server's cache, `""` asks for the most recent. */
  readonly initialListResourceVersion?: "0" | "" | undefined;
  /** Period of a real list with comparison, ±10 %; 0 (default) = never. */
  readonly resyncMs?: number | undefined;
  /** How the first state comes; `auto` by default. */
  readonly mode?: InformerMode | undefined;
  /** Lower end of the random `timeoutSeconds` of watches; 300 at least. */
  readonly minWatchTimeoutSeconds?: number | undefined;
  /** Longest event, bytes; 16 MiB by default. */
  readonly maxLineBytes?: number | undefined;
  /** Events that may wait for a handler before reading pauses; 1,024 by default. */
  readonly maxQueuedEvents?: number | undefined;
  /** The same in bytes; 8 MiB by default. */
  readonly maxQueuedBytes?: number | undefined;
  /**
   * Calls of a handler that may run at once when it is asynchronous; 1 by default. Those of one object stay in
   * order and never overlap, `synced` and `error` wait for all.
   */
  readonly concurrency?: number | undefined;
  /** Deep-freezes stored objects, so that a consumer that mutates them fails; for tests. */
  readonly freeze?: boolean | undefined;
}

/** `denied` is a `backoff` after 401 or 403. */
export type InformerState = "idle" | "listing" | "watching" | "backoff" | "denied" | "stopped";

/** What handlers receive. */
export type InformerEvent<T extends KubeObject = KubeObject> =
  | {
    readonly type: "added";
    readonly object: T;
    readonly resourceVersion: string;
    readonly inRead?: true;
  }
  | {
    readonly type: "updated";
    readonly object: T;
    readonly previous: T;
    readonly resourceVersion: string;
    readonly inRead?: true;
  }
  /** `object` is the last known state. `inRead`: found by a whole read, whose end `synced` tells. */
  | {
    readonly type: "deleted";
    readonly object: T;
    readonly resourceVersion: string;
    readonly inRead?: true;
  }
  /** The store is complete; again after each re-list. */
  | { readonly type: "synced"; readonly resourceVersion: string }
  /**
   * Once per change to a failing state; the informer goes on by itself, after `retryInMs`. `stage` is `list` when not
   * even the whole state could be read, by list or by watch.
   */
  | {
    readonly type: "error";
    readonly error: unknown;
    readonly resourceVersion: string;
    readonly retryInMs: number;
    readonly stage: "list" | "watch";
  };

/** What an informer had to do since it exists, by reason (`kube-client.md` 10.6); only grows. */
export interface InformerCounts {
  /** Whole reads that were begun, watches that began with the whole state included. */
  readonly relists: ReadonlyMap<string, number>;
  /** Watches opened again. */
  readonly watchRestarts: ReadonlyMap<string, number>;
  /** Differences that resyncs have found. */
  readonly drift: number;
}

/** Called for one event at a time, in order; a promise is awaited before the next, see `concurrency`. */
export type InformerHandler<T extends KubeObject = KubeObject> = (
  event: InformerEvent<T>,
) => void | Promise<void>;

/** A local copy of a collection that repairs itself until `stop`. */
export interface Informer<T extends KubeObject = KubeObject> {
  /** Starts listing; idempotent. */
  start(): void;
  /** Resolves when no handler will be called any more; the shared copy ends with its last user. */
  stop(): Promise<void>;
  /** Resolves when the store is complete for the first time; rejects when stopped before. */
  readonly synced: Promise<void>;
  /** Whether the store has been complete once. */
  readonly hasSynced: boolean;
  /** The stored object, not to be changed; `namespace` is undefined for cluster-scoped ones. */
  get(namespace: string | undefined, name: string): T | undefined;
  /** All stored objects, not to be changed. */
  list(): T[];
  /** A lookup kept up to date with the store: the objects for which `keys` gave the key. */
  indexBy(name: string, keys: (object: T) => readonly string[]): (key: string) => T[];
  /** Adds a handler, which first gets `added` for what is stored, then `synced`; returns its removal. */
  addHandler(handler: InformerHandler<T>): () => void;
  /** The same as an iterator, ended by `stop` or by leaving the loop. */
  events(): AsyncIterable<InformerEvent<T>>;
  /** Version to resume from: of the last applied event or list; empty before. */
  readonly lastSyncResourceVersion: string;
  /** Wall clock of the last sign of life from the server, ms since the epoch; undefined before. */
  readonly lastContact: number | undefined;
  /** What the loop does now. */
  readonly state: InformerState;
  /** What it had to do so far; shared informers count together. */
  readonly counts: InformerCounts;
  /** Calls `listener` each time a failing informer works again; returns its removal. `stop` removes it, too. */
  onRecovered(listener: () => void): () => void;
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
