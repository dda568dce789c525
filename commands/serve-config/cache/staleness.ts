/**
 * The age of entries (serve-config.md 14.5): fresh, then stale, then gone. Stale ones stand in for a backend
 * that fails, and for a moment while it is asked again.
 */

import type { Entry } from "./entry.ts";
import type { LoadOutcome } from "../upstream/upstream.ts";

/** How long stale entries may serve, in milliseconds; 0 for not at all. */
export interface StaleOptions {
  /** After expiry or refresh, while loads fail. */
  readonly staleIfErrorMs: number;
  /** After expiry, while a load is under way. */
  readonly staleWhileRevalidateMs: number;
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;
const TOO_MANY_REQUESTS = 429;

/** Whether the entry may be served without asking the backend. */
export function isFresh(entry: Entry, nowMs: number): boolean {
  return staleSince(entry, nowMs) === undefined;
}

/** Whether a stale entry may be served while it is loaded again. Never one that a refresh named. */
export function mayServeWhileRevalidating(
  entry: Entry,
  { staleWhileRevalidateMs }: StaleOptions,
  nowMs: number,
): boolean {
  if (entry.refreshedAtMs !== undefined || entry.expiresAtMs === undefined) return false;
  return nowMs <= entry.expiresAtMs + staleWhileRevalidateMs && staleWhileRevalidateMs > 0;
}

/** Whether a stale entry may be served because the backend fails. */
export function mayServeOnError(
  entry: Entry,
  { staleIfErrorMs }: StaleOptions,
  nowMs: number,
): boolean {
  const since = staleSince(entry, nowMs);
  return since !== undefined && staleIfErrorMs > 0 && nowMs <= since + staleIfErrorMs;
}

/** Whether a failed load is an outage; 404 and 410 are answers, and other statuses are not the backend's fault. */
export function isOutage(outcome: LoadOutcome): boolean {
  if (outcome.kind !== "failed") return false;
  return outcome.status === 0 || outcome.status >= 500 || outcome.status === TOO_MANY_REQUESTS;
}

/** Notes a failed load: the next one is tried after 1 s, doubling to 30 s. */
export function noteFailure(entry: Entry, nowMs: number): void {
  const failures = entry.failures ?? 0;
  entry.failures = failures + 1;
  entry.retryAtMs = nowMs + Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
}

/** When it went stale; `undefined` while it is fresh. */
function staleSince({ refreshedAtMs, expiresAtMs }: Entry, nowMs: number): number | undefined {
  const expired = expiresAtMs !== undefined && expiresAtMs < nowMs ? expiresAtMs : undefined;
  if (refreshedAtMs === undefined) return expired;
  return expired === undefined ? refreshedAtMs : Math.min(refreshedAtMs, expired);
}
