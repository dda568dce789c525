/** Which failures of a request may be tried again, when, and how often. */

import { type Clock, sleep } from "#lib/run/clock.ts";
import { isConflict, KubeApiError, KubeTransportError } from "./errors.ts";

/** A failed attempt. */
export interface FailedAttempt {
  readonly error: unknown;
  /** 1 for the first. */
  readonly attempt: number;
  /** GET of an object or a collection: repeating it changes nothing. */
  readonly isRead: boolean;
  /** `Retry-After` header of the answer, seconds. */
  readonly retryAfterSeconds: number | undefined;
  /** In [0, 1). */
  readonly random: () => number;
}

/** The next attempt. */
export interface NextAttempt {
  readonly delayMs: number;
  /** Label of the metric. */
  readonly reason: string;
}

const MAX_ATTEMPTS = 3;
const MAX_ASKED_ATTEMPTS = 10;
const BACKOFF_MS = 500;
const RECONNECT_PAUSE_MS = 1000;

/** The next attempt, or undefined when the error is final. */
export function nextAttempt(failed: FailedAttempt): NextAttempt | undefined {
  const { error, attempt, isRead, retryAfterSeconds, random } = failed;
  const backoffMs = BACKOFF_MS * 2 ** (attempt - 1) * (1 + 0.2 * (2 * random() - 1));
  if (error instanceof KubeApiError) {
    const { status } = error;
    if (status !== 429 && status < 500) return undefined;
    if (retryAfterSeconds !== undefined) {
      return limit(MAX_ASKED_ATTEMPTS, attempt, {
        delayMs: retryAfterSeconds * 1000,
        reason: "retry_after",
      });
    }
    if (!isRead || ![429, 500, 502, 503, 504].includes(status)) return undefined;
    return limit(MAX_ATTEMPTS, attempt, { delayMs: backoffMs, reason: `http_${status}` });
  }
  if (!(error instanceof KubeTransportError)) return undefined;
  if (error.kind === "connect" || error.kind === "proxy") {
    return limit(MAX_ATTEMPTS, attempt, { delayMs: backoffMs, reason: error.kind });
  }
  const isUnknown = error.kind === "reset" || error.kind === "connection" || error.kind === "ping";
  if (!isUnknown || !isRead || bodyFailed(error)) return undefined;
  return limit(MAX_ASKED_ATTEMPTS, attempt, { delayMs: RECONNECT_PAUSE_MS, reason: error.kind });
}

function limit(attempts: number, attempt: number, next: NextAttempt): NextAttempt | undefined {
  return attempt < attempts ? next : undefined;
}

function bodyFailed(error: KubeTransportError): boolean {
  return (error.cause as { readonly headersSeen?: boolean } | undefined)?.headersSeen === true;
}

/** Options of `retryOnConflict`. */
export interface ConflictOptions {
  /** For the pauses. */
  readonly clock: Clock;
  /** Ends the wait; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** In [0, 1); `Math.random` by default. */
  readonly random?: (() => number) | undefined;
}

/**
 * Calls `change` (read, modify, write) again when it meets a conflict: 5 tries, 10 ms apart, 10 % jitter.
 *
 * @throws the last conflict, or any other error at once
 */
export async function retryOnConflict<T>(
  change: () => Promise<T>,
  { clock, signal, random = Math.random }: ConflictOptions,
): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await change();
    } catch (error) {
      if (!isConflict(error) || attempt === 5) throw error;
    }
    await sleep(10 * (1 + 0.1 * random()), { clock, signal });
  }
}
