/** Time that moves only when the test says so. */

import type { Clock, Timer } from "#lib/run/clock.ts";

interface Pending {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A `Clock` whose timers fire during `advance`, in the order of their times. */
export class ManualClock implements Clock {
  #nowMs: number;
  #order = 0;
  readonly #startMs: number;
  readonly #pending = new Set<Pending>();

  constructor(startMs = 1_700_000_000_000) {
    this.#startMs = startMs;
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs - this.#startMs;
  }

  timer(callback: () => void, delayMs: number): Timer {
    const entry = { atMs: this.#nowMs + Math.max(delayMs, 0), order: this.#order++, callback };
    this.#pending.add(entry);
    return { cancel: () => void this.#pending.delete(entry) };
  }

  /** Timers that have not fired yet. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  /** Milliseconds until the next timer fires; `undefined` when there is none. */
  get nextTimerMs(): number | undefined {
    const next = this.#next();
    return next && next.atMs - this.#nowMs;
  }

  /** Moves time forward, firing what falls due; promise callbacks run between two timers. */
  async advance(ms: number): Promise<void> {
    const targetMs = this.#nowMs + ms;
    await settle();
    for (let next = this.#next(); next && next.atMs <= targetMs; next = this.#next()) {
      this.#pending.delete(next);
      this.#nowMs = next.atMs;
      next.callback();
      await settle();
    }
    this.#nowMs = targetMs;
    await settle();
  }

  /** Moves to the next timer and fires it; returns how far that was, in milliseconds. */
  async advanceToNext(): Promise<number> {
    await settle();
    const ms = this.nextTimerMs ?? 0;
    await this.advance(ms);
    return ms;
  }

  #next(): Pending | undefined {
    return [...this.#pending].sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
  }
}

/** Lets everything run that waits only for microtasks or one turn of the event loop. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
  }
}
