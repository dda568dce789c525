/** What the cache needs of a backend. One file per backend implements it: `upstream_dir.ts`. */

import type { CheckResult } from "#lib/http/admin.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { Validators } from "../cache/entry.ts";

/** How a load ended. Failures are values: each has its own answer on the wire. */
export type LoadOutcome =
  | {
    readonly kind: "found";
    readonly bytes: Uint8Array<ArrayBuffer>;
    /** Type to answer with; by default it is read off the bytes. */
    readonly contentType?: string | undefined;
    readonly validators?: Validators | undefined;
    /** When the object changed, milliseconds since the Unix epoch, where clients are to be told. */
    readonly lastModifiedMs?: number | undefined;
    /** Version of what the object was made of, where that has one. */
    readonly version?: string | undefined;
  }
  /** The object is what the validators of the request describe. */
  | { readonly kind: "unchanged" }
  | { readonly kind: "missing" }
  | { readonly kind: "too-large" }
  /** The request itself is refused, or what it asks for cannot be read; an answer, not an outage. */
  | {
    readonly kind: "rejected";
    readonly status: number;
    readonly body: string;
    readonly contentType: string;
  }
  | {
    readonly kind: "failed";
    /** Status of the backend, 0 when it gave none. */
    readonly status: number;
    /** For the log. */
    readonly reason: string;
  };

/** Anything but an object. */
export type LoadFailure = Exclude<LoadOutcome, { readonly kind: "found" | "unchanged" }>;

/** What a load may depend on besides its key. */
export interface LoadRequest {
  /** Of the object that is kept already. */
  readonly validators?: Validators | undefined;
  /** Headers of the client that go on to the backend; their hash is part of the key. */
  readonly headers?: readonly (readonly [string, string])[] | undefined;
}

/** A change noticed by the backend itself. */
export interface UpstreamChange {
  /** Whether the object of `key` may have changed. */
  affects(key: string): boolean;
}

/** A source of objects. */
export interface Upstream {
  /** Short name for metrics: `dir`. */
  readonly kind: string;
  /** Loads the object of a key; rejects only when `signal` is aborted or on a fault of our own. */
  load(key: string, signal: AbortSignal, request?: LoadRequest): Promise<LoadOutcome>;
  /** Whether it can answer, for readiness; absent where that is known by answering alone. */
  readonly check?: (() => CheckResult) | undefined;
  /**
   * Reports changes until `signal` is aborted. Resolves when watching has begun; `finished` ends when it
   * is over.
   */
  watch(
    onChange: (change: UpstreamChange) => void,
    signal: AbortSignal,
  ): Promise<{ readonly finished: Promise<void> }>;
}

/** What backends need of their surroundings. */
export interface UpstreamDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Headers of the trace that a load belongs to. */
  readonly traceHeaders?: (() => Readonly<Record<string, string>>) | undefined;
}
