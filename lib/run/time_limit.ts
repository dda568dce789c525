/** A bound on one piece of work: aborted by its caller, or when its time is over. */

import type { Clock } from "./clock.ts";

/** A running bound. */
export interface TimeLimit {
  /** For the work. */
  readonly signal: AbortSignal;
  /** Whether the time is over, as against an abort by the caller. */
  isOver(): boolean;
  /** To be called when the work is done, so that no timer is left. */
  cancel(): void;
}

/** Bounds work by `signal` and by `timeoutMs`; 0 for no limit in time. */
export function timeLimit(signal: AbortSignal, timeoutMs: number, clock: Clock): TimeLimit {
  const over = new AbortController();
  const onTimeout = () =>
    over.abort(new DOMException(`Not within ${timeoutMs} ms`, "TimeoutError"));
  const timer = timeoutMs === 0 ? undefined : clock.timer(onTimeout, timeoutMs);
  return {
    signal: AbortSignal.any([signal, over.signal]),
    isOver: () => over.signal.aborted,
    cancel: () => timer?.cancel(),
  };
}
