/** When a failed reload is tried again (reload.md 8.2): fast at first, then every so often. */

/** Times in milliseconds. */
export interface RetryOptions {
  readonly maxElapsedMs: number;
  /** 0 gives up after the fast phase. */
  readonly intervalMs: number;
  /** With it the fast phase is so many further tries at this distance instead. */
  readonly attempts?: { readonly count: number; readonly everyMs: number };
  /** In [0, 1). */
  readonly random: () => number;
}

const FIRST_MS = 500;
const FACTOR = 1.5;
const MAX_MS = 60_000;

/** The tries for one version. */
export class Retry {
  readonly #options: RetryOptions;
  readonly #beganMs: number;
  #failures = 0;
  /** Whether the fast phase is over. */
  isSlow = false;

  constructor(options: RetryOptions, nowMs: number) {
    this.#options = options;
    this.#beganMs = nowMs;
  }

  /** Whether there was a try. */
  get hasFailed(): boolean {
    return this.#failures > 0;
  }

  /** Notes a failure; milliseconds until the next try, `undefined` for never. */
  next(nowMs: number): number | undefined {
    const { maxElapsedMs, intervalMs, random, attempts } = this.#options;
    const delay = Math.min(MAX_MS, FIRST_MS * FACTOR ** this.#failures * (0.5 + random()));
    this.#failures += 1;
    if (attempts !== undefined && this.#failures <= attempts.count) return attempts.everyMs;
    this.isSlow ||= attempts !== undefined || nowMs + delay - this.#beganMs > maxElapsedMs;
    if (!this.isSlow) return delay;
    return intervalMs === 0 ? undefined : intervalMs;
  }
}
