/** What each operation of the client takes and gives: options, events, answers. Only types here. */

import type { LabelSelector } from "./selectors.ts";
import type { KubeObject, Status } from "./types.ts";

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
