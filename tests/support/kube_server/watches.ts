/** WATCH: where a watch starts, which changes it shows, bookmarks, its end. */

import type { Exchange } from "#tests/support/kube_server/exchange.ts";
import type { JsonObject } from "#tests/support/kube_server/json.ts";
import { type Collection, inNamespace, parseRevision } from "#tests/support/kube_server/lists.ts";
import {
  apiVersionOf,
  inVersion,
  type ResourceType,
} from "#tests/support/kube_server/resources.ts";
import { type Matches, selectorOf } from "#tests/support/kube_server/selectors.ts";
import * as status from "#tests/support/kube_server/status.ts";
import { type Change, storageKey, type Store } from "#tests/support/kube_server/store.ts";
import { isTrue } from "#tests/support/kube_server/target.ts";
import type { Timers } from "#tests/support/kube_server/timers.ts";
import { type ScriptedStreamFault, WatchStream } from "#tests/support/kube_server/watch_stream.ts";

/** An open watch in the hands of a test. */
export interface OpenWatch {
  /** Path and query as sent. */
  readonly rawTarget: string;
  readonly resource: string;
  readonly namespace: string;
  readonly httpVersion: "1.1" | "2";
  /** Events and bookmarks sent so far. */
  readonly sentEvents: number;
  /** Sends an event of any type. */
  event(type: string, object: JsonObject): void;
  /** Sends a bookmark with the newest revision, or without one. */
  bookmark(options?: { readonly resourceVersion?: string | undefined }): void;
  /** Writes text as it is. */
  write(text: string): void;
  /** Ends cleanly. */
  end(): void;
  /** Resets the connection. */
  cut(): void;
  /** RST_STREAM, with CANCEL unless told otherwise. */
  reset(code?: number): void;
}

/** What a watch needs. */
export interface WatchDeps {
  readonly store: Store;
  readonly timers: Timers;
  readonly open: Set<OpenWatch>;
  /** A watch whose peer leaves more than this unread is cut off. */
  readonly maxBufferedBytes: number;
}

/** Starts a watch; returns at once, the stream lives on. */
export function startWatch(
  deps: WatchDeps,
  { collection, query, exchange, script }: {
    readonly collection: Collection;
    readonly query: URLSearchParams;
    readonly exchange: Exchange;
    readonly script: readonly ScriptedStreamFault[];
  },
): void {
  const { store, timers } = deps;
  const { resource, namespace } = collection;
  checkWatchOptions(query);
  const matches = both(selectorOf(query, resource), inNamespace(namespace));
  const revisionText = query.get("resourceVersion") ?? "";
  const revision = parseRevision(
    revisionText,
    (message) => new status.StatusError({ code: 500, reason: "", message }),
  );
  const stream = new WatchStream(exchange, { script, timers });
  const bookmarkObject = (resourceVersion: string | undefined, annotations?: JsonObject) => ({
    kind: resource.kind,
    apiVersion: apiVersionOf(resource),
    metadata: {
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(annotations === undefined ? {} : { annotations }),
    },
  });
  const watch: OpenWatch = {
    rawTarget: exchange.rawTarget,
    resource: resource.resource,
    namespace,
    httpVersion: exchange.httpVersion,
    get sentEvents() {
      return stream.sentEvents;
    },
    event: (type, object) => stream.event(type, object),
    bookmark: (options = { resourceVersion: String(store.revision) }) =>
      stream.event("BOOKMARK", bookmarkObject(options.resourceVersion)),
    write: (text) => stream.raw(text),
    end: () => stream.end(),
    cut: () => exchange.cut(),
    reset: (code = 8) => exchange.reset(code),
  };
  stream.start();
  const hasBookmarks = isTrue(query.get("allowWatchBookmarks"));
  const isWatchList = isTrue(query.get("sendInitialEvents"));
  const startsWithState = revision === 0 || isWatchList;
  if (isWatchList && revision > store.revision) {
    const error = status.tooLargeResourceVersion(revisionText, store.revision);
    stream.event("ERROR", error.body());
    return stream.end();
  }
  if (startsWithState) {
    for (const object of store.all(resource)) {
      if (matches(object)) stream.event("ADDED", inVersion(resource, object));
    }
    if (hasBookmarks && (isWatchList || revisionText === "")) {
      stream.event(
        "BOOKMARK",
        bookmarkObject(String(store.revision), { "k8s.io/initial-events-end": "true" }),
      );
    }
  } else {
    const changes = store.changesSince(resource, revision);
    if (changes === undefined) {
      const oldest = store.compactedRevision + 1;
      stream.event(
        "ERROR",
        status.expired(`too old resource version: ${revisionText} (${oldest})`).body(),
      );
      return stream.end();
    }
    for (const change of changes) show(change, { resource, matches, stream });
  }
  const key = storageKey(resource);
  const unsubscribe = store.subscribe((change) => {
    // A watch from the future stays quiet until the present has caught up.
    if (change.key !== key || change.revision <= revision) return;
    show(change, { resource, matches, stream });
    if (exchange.bufferedBytes > deps.maxBufferedBytes) exchange.cut();
  });
  const seconds = Number(query.get("timeoutSeconds") ?? 0);
  const cancelTimeout = seconds > 0 ? timers.after(seconds * 1000, () => stream.end()) : () => {};
  deps.open.add(watch);
  exchange.onClose(() => {
    unsubscribe();
    cancelTimeout();
    deps.open.delete(watch);
  });
}

/** An object that comes into the selection is added, one that leaves it is deleted. */
function show(
  { type, object, previous, revision }: Change,
  { resource, matches, stream }: {
    readonly resource: ResourceType;
    readonly matches: Matches;
    readonly stream: WatchStream;
  },
): void {
  const isIn = type !== "DELETED" && matches(object);
  const wasIn = previous !== undefined && matches(previous);
  if (isIn) return stream.event(wasIn ? "MODIFIED" : "ADDED", inVersion(resource, object));
  if (!wasIn) return;
  const last = type === "DELETED" ? object : withRevision(previous, revision);
  stream.event("DELETED", inVersion(resource, last));
}

function withRevision(object: JsonObject, revision: number): JsonObject {
  const metadata = object["metadata"] as JsonObject;
  return { ...object, metadata: { ...metadata, resourceVersion: String(revision) } };
}

function checkWatchOptions(query: URLSearchParams): void {
  const forbidden = (message: string) =>
    status.invalidOptions("ListOptions", {
      reason: "FieldValueForbidden",
      message: `Forbidden: ${message}`,
      field: "resourceVersionMatch",
    });
  const match = query.get("resourceVersionMatch") ?? "";
  const hasInitial = (query.get("sendInitialEvents") ?? "") !== "";
  if (hasInitial && match !== "NotOlderThan") {
    throw forbidden("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  }
  if (!hasInitial && match !== "") {
    throw forbidden(
      "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
    );
  }
  if ((query.get("continue") ?? "") !== "") {
    throw forbidden("resourceVersionMatch is forbidden when continue is provided");
  }
}

function both(a: Matches, b: Matches): Matches {
  return (object) => a(object) && b(object);
}

/** Whether a watch looks at `namespace` of `resource`; empty fits everything. */
export function isWatchOf(
  watch: OpenWatch,
  { resource = "", namespace = "" }: {
    readonly resource?: string | undefined;
    readonly namespace?: string | undefined;
  },
): boolean {
  return (resource === "" || watch.resource === resource) &&
    (namespace === "" || watch.namespace === namespace);
}
