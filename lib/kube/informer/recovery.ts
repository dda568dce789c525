/**
 * What an informer does after something went wrong, decided from the kind of failure and from how often it
 * happened in a row. Pure bookkeeping: no waiting, no requests (`kube-client.md` 10.6, client-go's reflector).
 */

import {
  isExpired,
  isResourceVersionTooLarge,
  KubeApiError,
  KubeTransportError,
} from "../errors.ts";
import type { WatchEndReason } from "../contract.ts";
import { UnexpectedContentError, UnknownEventTypeError } from "../watch.ts";

/** The next step of an informer. */
export interface NextStep {
  readonly next: "watch" | "list";
  /** Label of the metrics. */
  readonly reason: string;
  /** Backoff, or a fixed time in milliseconds; 0 = at once. */
  readonly wait: "backoff" | number;
  /** The wait is at least this long, ms. */
  readonly minWaitMs?: number | undefined;
  /** The informer counts as failing because of this. */
  readonly failure?: unknown;
  /** The server refuses the user, so state is `denied`. */
  readonly denied?: boolean | undefined;
  /** The list takes whatever is most recent, even if that is older than what is known. */
  readonly mostRecent?: boolean | undefined;
  /** Event type to skip from now on. */
  readonly ignoreType?: string | undefined;
}

/** How a watch stream ended. */
export interface WatchEnd {
  readonly reason: WatchEndReason;
  /** For `ERROR` events the `KubeApiError` made of the status. */
  readonly error?: unknown;
  readonly ageMs: number;
  /** Events of any kind, bookmarks included. */
  readonly events: number;
  /** Monotonic time. */
  readonly nowMs: number;
}

const SHORT_STREAM_MS = 1000;
const MAX_SHORT_STREAMS = 3;
const SERVER_ERROR_RELIST_MS = 60_000;
const MAX_DECODE_ENDS = 3;

/** Counts failures in a row. */
export class RecoveryPolicy {
  #shortStreams = 0;
  #networkEnds = 0;
  #decodeEnds = 0;
  #gone = 0;
  #tooLarge = 0;
  #serverErrorsSinceMs: number | undefined;

  /** An event was applied: what happened before no longer counts. */
  applied(): void {
    this.#shortStreams = 0;
    this.#networkEnds = 0;
    this.#decodeEnds = 0;
    this.#gone = 0;
    this.#tooLarge = 0;
    this.#serverErrorsSinceMs = undefined;
  }

  /** After a stream that had started. */
  watchEnded(end: WatchEnd): NextStep {
    const { reason, error, ageMs, events } = end;
    if (error instanceof KubeApiError) return this.#refused(error, end.nowMs);
    const isShort = ageMs < SHORT_STREAM_MS && events === 0;
    if (!isShort) {
      this.#shortStreams = 0;
      this.#networkEnds = 0;
    }
    if (reason === "decode") return this.#decodeEnd(error);
    if (reason !== "eof") return this.#networkEnd(reason, error);
    if (!isShort) return { next: "watch", reason, wait: 0 };
    this.#shortStreams += 1;
    if (this.#shortStreams <= MAX_SHORT_STREAMS) {
      return { next: "watch", reason: "short", wait: "backoff" };
    }
    this.#shortStreams = 0;
    return { next: "list", reason: "short", wait: "backoff" };
  }

  /** After a watch request that got no stream. */
  watchRefused(error: unknown): NextStep {
    if (error instanceof KubeApiError) return this.#refused(error, undefined);
    if (error instanceof KubeTransportError) {
      const wasConnected = ["reset", "connection", "ping", "refused"].includes(error.kind);
      if (wasConnected) return this.#networkEnd("network", error);
      return { next: "watch", reason: error.kind, wait: "backoff", failure: error };
    }
    return { next: "watch", reason: "error", wait: "backoff", failure: error };
  }

  /** After a list that failed for good. */
  listFailed(error: unknown): NextStep {
    const step = { next: "list", reason: "list_failed", wait: "backoff", failure: error } as const;
    if (!(error instanceof KubeApiError)) return step;
    const denied = error.status === 401 || error.status === 403;
    return { ...step, denied, minWaitMs: askedWaitMs(error) };
  }

  #refused(error: KubeApiError, eventAtMs: number | undefined): NextStep {
    const { status } = error;
    const minWaitMs = askedWaitMs(error);
    const step = { wait: "backoff", minWaitMs, reason: `http_${status}` } as const;
    if (isExpired(error)) return this.#goneEnd();
    if (isResourceVersionTooLarge(error)) return this.#tooLargeEnd(error);
    if (status === 429) return { ...step, next: "watch" };
    if (status === 401 || status === 403) {
      return { ...step, next: "list", failure: error, denied: true };
    }
    if (status < 500) return { ...step, next: "list", failure: error };
    if (eventAtMs === undefined) return { ...step, next: "watch", failure: error };
    this.#serverErrorsSinceMs ??= eventAtMs;
    if (eventAtMs - this.#serverErrorsSinceMs < SERVER_ERROR_RELIST_MS) {
      return { ...step, next: "watch", failure: error };
    }
    this.#serverErrorsSinceMs = undefined;
    return { ...step, next: "list", failure: error };
  }

  #goneEnd(): NextStep {
    this.#gone += 1;
    return { next: "list", reason: "expired", wait: this.#gone === 1 ? 0 : "backoff" };
  }

  // The server is behind what we know: perhaps for a moment, perhaps restored from a backup.
  #tooLargeEnd(error: KubeApiError): NextStep {
    this.#tooLarge += 1;
    if (this.#tooLarge === 1) {
      const wait = Math.max(1, error.retryAfterSeconds ?? 1) * 1000;
      return { next: "watch", reason: "too_large", wait };
    }
    this.#tooLarge = 0;
    return { next: "list", reason: "too_large", wait: 0, mostRecent: true };
  }

  #networkEnd(reason: string, error: unknown): NextStep {
    this.#networkEnds += 1;
    if (this.#networkEnds === 1) return { next: "watch", reason, wait: 0 };
    return { next: "watch", reason, wait: "backoff", failure: error };
  }

  #decodeEnd(error: unknown): NextStep {
    const reason = "decode";
    if (error instanceof UnexpectedContentError) {
      return { next: "watch", reason, wait: "backoff", failure: error };
    }
    this.#decodeEnds += 1;
    if (this.#decodeEnds === 1) return { next: "watch", reason, wait: 0 };
    if (this.#decodeEnds < MAX_DECODE_ENDS) return { next: "list", reason, wait: 0 };
    if (error instanceof UnknownEventTypeError) {
      return { next: "watch", reason, wait: 0, ignoreType: error.eventType };
    }
    return { next: "list", reason, wait: "backoff", failure: error };
  }
}

function askedWaitMs(error: KubeApiError): number | undefined {
  return error.retryAfterSeconds === undefined ? undefined : error.retryAfterSeconds * 1000;
}
