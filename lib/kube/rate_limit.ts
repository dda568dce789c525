/** A token bucket that spaces requests out before the server has to ask for it. */

import { type Clock, sleep } from "#lib/run/clock.ts";
import { KubeConfigError, TransportError } from "./errors.ts";

/** Options of `RateLimiter`. */
export interface RateLimiterOptions {
  /** Tokens per second; negative disables the limiter, 0 is refused. */
  readonly qps: number;
  /** Tokens that can be saved up. */
  readonly burst: number;
  readonly clock: Clock;
}

/** The bucket; waiters are served in the order in which they came. */
export class RateLimiter {
  readonly #options: RateLimiterOptions;
  #tokens: number;
  #updatedMs: number;

  /** @throws {KubeConfigError} for a rate of 0, which would never let a request go */
  constructor(options: RateLimiterOptions) {
    if (options.qps === 0) {
      throw new KubeConfigError("Cannot send 0 requests a second: a negative rate is no limit");
    }
    this.#options = options;
    this.#tokens = options.burst;
    this.#updatedMs = options.clock.monotonic();
  }

  /**
   * Takes a token, waiting for it; returns the time waited in milliseconds.
   *
   * @throws {TransportError} of kind `timeout`, at once, when it would take longer than `maxWaitMs`
   */
  async take(signal: AbortSignal | undefined, maxWaitMs: number): Promise<number> {
    const { qps, burst, clock } = this.#options;
    if (qps < 0) return 0;
    const nowMs = clock.monotonic();
    const earned = (nowMs - this.#updatedMs) / 1000 * qps;
    this.#tokens = Math.min(burst, this.#tokens + earned) - 1;
    this.#updatedMs = nowMs;
    if (this.#tokens >= 0) return 0;
    // The debt is what keeps the order: each waiter waits for the tokens of all before it.
    const waitMs = -this.#tokens / qps * 1000;
    if (waitMs > maxWaitMs) {
      this.#tokens += 1;
      const state = `the client's own rate limit would hold it back for ${Math.round(waitMs)} ms`;
      throw new TransportError("timeout", `The request was not sent: ${state}`);
    }
    await sleep(waitMs, { clock, signal });
    return waitMs;
  }
}
