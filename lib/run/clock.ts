/**
 * Time as an argument. Everything that waits or asks the time takes a `Clock`, so that tests move time
 * by hand. Works on Deno, Node and Bun alike; nothing here may depend on one of them.
 */

/** A pending timer. `cancel` is idempotent. */
export interface Timer {
  /** Keeps the callback from being called. */
  cancel(): void;
}

/** Where time comes from. */
export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. */
  now(): number;
  /** Monotonic milliseconds with a fraction; only differences mean something. */
  monotonic(): number;
  /**
   * Calls `callback` once after `delayMs`. The timer does not keep the process alive when `unref` is set.
   */
  timer(callback: () => void, delayMs: number, options?: { readonly unref?: boolean }): Timer;
}

// A longer delay would make the runtime fire at once (32-bit overflow).
/** Longest delay of a timer, milliseconds. */
export const MAX_DELAY_MS = 2 ** 31 - 1;

/** The real clock of the runtime. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(callback, delayMs, options) {
    const handle: unknown = setTimeout(callback, Math.min(Math.max(delayMs, 0), MAX_DELAY_MS));
    if (options?.unref === true) (handle as { unref(): void }).unref();
    return { cancel: () => clearTimeout(handle as number) };
  },
};

/**
 * Waits `delayMs` on `clock`.
 *
 * @throws the signal's reason as soon as `signal` is aborted
 */
export function sleep(
  delayMs: number,
  { clock, signal }: { readonly clock: Clock; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.timer(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
