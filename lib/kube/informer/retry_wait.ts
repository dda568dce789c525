/** The wait between two attempts of an informer: how long, and what users are told meanwhile. */

import { type Clock, sleep } from "#lib/run/clock.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { KubeObject } from "../types.ts";
import { DENIED_MAX_MS, WatchBackoff } from "./backoff.ts";
import type { NextStep } from "./recovery.ts";
import type { ReflectorSink } from "./reflector_sink.ts";

/** What it needs. */
export interface RetryWaitDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly sink: Pick<ReflectorSink<KubeObject>, "failing" | "setState" | "working">;
}

const LONG_DENIED_MS = 10 * 60_000;

/** Waits of one loop. */
export class RetryWait {
  readonly #label: string;
  readonly #deps: RetryWaitDeps;
  readonly #backoff: WatchBackoff;
  #deniedSinceMs: number | undefined;

  constructor(label: string, deps: RetryWaitDeps) {
    this.#label = label;
    this.#deps = deps;
    this.#backoff = new WatchBackoff(deps.clock, deps.random);
  }

  /** The informer works: what it waited for before no longer counts. */
  works(): void {
    this.#deniedSinceMs = undefined;
    this.#deps.sink.working();
  }

  /** Says what failed, if something did, and waits until `step` may be taken. @throws the reason of `signal` */
  async before(step: NextStep, signal: AbortSignal): Promise<void> {
    const { clock, logger, sink } = this.#deps;
    const { next, reason, denied = false } = step;
    if (denied) this.#deniedSinceMs ??= clock.monotonic();
    const retryInMs = step.wait === 0 ? 0 : this.#choose(step);
    const stage = reason === "list_failed" ? "list" : "watch";
    if (step.failure !== undefined) sink.failing(step.failure, { denied, retryInMs, stage });
    if (step.wait === 0) return;
    sink.setState(denied ? "denied" : "backoff");
    logger.debug("informer waits", { resource: this.#label, next, reason, delayMs: retryInMs });
    await sleep(retryInMs, { clock, signal });
  }

  #choose({ wait, minWaitMs = 0 }: NextStep): number {
    const isLongDenied = this.#deniedSinceMs !== undefined &&
      this.#deps.clock.monotonic() - this.#deniedSinceMs >= LONG_DENIED_MS;
    const chosenMs = wait === "backoff"
      ? this.#backoff.next(isLongDenied ? DENIED_MAX_MS : undefined)
      : wait;
    return Math.max(chosenMs, minWaitMs);
  }
}
