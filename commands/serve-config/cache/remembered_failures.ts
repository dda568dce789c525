/**
 * Failures that are remembered for a while when that is wanted (serve-config.md 14.6), so that an absent object
 * that many ask for is not asked of the backend each time. Bounded; the oldest one gives way.
 */

import type { LoadFailure, UpstreamChange } from "../upstream/upstream.ts";

/** A backend that fails may be back any moment; with a longer time only absence is remembered. */
const SHORT_MS = 5000;
const MAX_KEYS = 10_000;

interface Remembered {
  readonly failure: LoadFailure;
  readonly untilMs: number;
}

/** Failures by key. */
export class RememberedFailures {
  readonly #ttlMs: number;
  /** Oldest first. */
  readonly #failures = new Map<string, Remembered>();

  /** @param ttlMs how long each is remembered; 0 for not at all */
  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
  }

  /** The failure of `key`, while it is remembered. */
  get(key: string, nowMs: number): LoadFailure | undefined {
    const remembered = this.#failures.get(key);
    if (remembered === undefined) return undefined;
    if (nowMs < remembered.untilMs) return remembered.failure;
    this.#failures.delete(key);
    return undefined;
  }

  /** Remembers a failure, if it is one to be remembered. */
  add(key: string, failure: LoadFailure, nowMs: number): void {
    if (this.#ttlMs === 0 || !this.#isMeant(failure)) return;
    this.#failures.delete(key);
    this.#failures.set(key, { failure, untilMs: nowMs + this.#ttlMs });
    if (this.#failures.size <= MAX_KEYS) return;
    for (const oldest of this.#failures.keys()) {
      this.#failures.delete(oldest);
      return;
    }
  }

  /** Forgets what a change may concern. */
  forget(change: UpstreamChange): void {
    for (const key of this.#failures.keys()) if (change.affects(key)) this.#failures.delete(key);
  }

  #isMeant(failure: LoadFailure): boolean {
    if (failure.kind === "missing") return true;
    if (failure.kind !== "failed" || this.#ttlMs >= SHORT_MS) return false;
    return failure.status === 0 || failure.status >= 500;
  }
}
