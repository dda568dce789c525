/**
 * When a change is applied (reload.md 7.1): a lone one at once, its followers merged behind a window, groups always
 * held back, and none longer than the limit.
 */

import type { ChangeKind } from "./sources/source.ts";

/** Times in milliseconds. */
export interface ScheduleOptions {
  readonly debounceMs: number;
  readonly debounceMaxMs: number;
}

/** Changes that wait to be applied. */
export class Schedule {
  readonly #options: ScheduleOptions;
  /** Until then, followers are held back. */
  #windowEndMs = -Infinity;
  #heldSinceMs: number | undefined;
  #dueMs: number | undefined;

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  /** When the change is to be applied; `undefined` without one. */
  get dueMs(): number | undefined {
    return this.#dueMs;
  }

  /** Notes a change. */
  add(kind: ChangeKind, nowMs: number): void {
    const { debounceMs, debounceMaxMs } = this.#options;
    const isAtOnce = kind === "lone" && nowMs >= this.#windowEndMs &&
      this.#heldSinceMs === undefined;
    if (isAtOnce || debounceMs === 0) {
      this.#dueMs = nowMs;
      return;
    }
    this.#heldSinceMs ??= nowMs;
    this.#dueMs = Math.min(nowMs + debounceMs, this.#heldSinceMs + debounceMaxMs);
  }

  /** What waits is applied at `atMs`, whatever the window says. */
  retryAt(atMs: number): void {
    this.#dueMs = Math.min(this.#dueMs ?? Infinity, atMs);
  }

  /** What waited is being applied; opens a window. */
  take(nowMs: number): void {
    this.#dueMs = undefined;
    this.#heldSinceMs = undefined;
    this.#windowEndMs = nowMs + this.#options.debounceMs;
  }
}
