/** What the cache needs of a backend. One file per backend implements it: `upstream_dir.ts`. */

import type { CheckResult } from "#lib/http/admin.ts";

/** How a load ended. Failures are values: each has its own answer on the wire. */
export type LoadOutcome =
  | {
    readonly kind: "found";
    readonly bytes: Uint8Array<ArrayBuffer>;
    /** Where the content decides it, absent. */
    readonly contentType?: string | undefined;
  }
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
  load(key: string, signal: AbortSignal): Promise<LoadOutcome>;
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
