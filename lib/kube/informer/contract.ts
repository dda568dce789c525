/** What an informer offers: a local copy of a collection, and news of it. Only types here. */

import type { Selection } from "../operations.ts";
import type { KubeObject, ObjectRef } from "../types.ts";

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
