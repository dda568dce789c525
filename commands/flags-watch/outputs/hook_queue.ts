/** Runs a hook for one event at a time, again after failures, with a time limit for each run. */

import type { Logger } from "#lib/log/logger.ts";
import { Backoff } from "#lib/run/backoff.ts";
import { type Clock, sleep } from "#lib/run/clock.ts";
import type { FlagCounters } from "../flag_metrics.ts";

/** How a hook is run. */
export interface HookQueueOptions<E> {
  /** For log and metric. */
  readonly name: string;
  /** One event for two that wait. */
  readonly merge: (first: E, second: E) => E;
  readonly run: (event: E, signal: AbortSignal) => Promise<void>;
  /** After a failure: once more after 1 s; or until it works or a newer event comes. */
  readonly again: "once" | "until-success";
  readonly timeoutMs: number;
}

/** What the queue needs. */
export interface HookQueueDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly counters: Pick<FlagCounters, "hookRuns">;
}

const ONCE_MORE_MS = 1000;
/** Quick tries first, then a slow rhythm. */
const QUICK_MS = 10_000;
const SLOW_MS = 30_000;

/** The queue; holds one event at most beside the one under way. */
export class HookQueue<E> implements AsyncDisposable {
  readonly #options: HookQueueOptions<E>;
  readonly #deps: HookQueueDeps;
  readonly #stopping = new AbortController();
  #next: E | undefined;
  #working: Promise<void> | undefined;
  /** Ends the wait for another try, because something newer has come. */
  #newer = new AbortController();

  constructor(options: HookQueueOptions<E>, deps: HookQueueDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Asks for a run; resolves nothing, failures are logged and counted. */
  add(event: E): void {
    if (this.#stopping.signal.aborted) return;
    this.#next = this.#next === undefined ? event : this.#options.merge(this.#next, event);
    this.#newer.abort();
    this.#working ??= this.#work().finally(() => this.#working = undefined);
  }

  /** Stops a run under way and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new DOMException("The process is stopping", "AbortError"));
    this.#newer.abort();
    await this.#working;
  }

  async #work(): Promise<void> {
    while (this.#next !== undefined && !this.#stopping.signal.aborted) {
      const event = this.#next;
      this.#next = undefined;
      this.#newer = new AbortController();
      await this.#runUntilDone(event);
    }
  }

  async #runUntilDone(event: E): Promise<void> {
    const { again } = this.#options;
    const { clock } = this.#deps;
    const backoff = new Backoff({ initialMs: 500, maxMs: QUICK_MS, factor: 1.5, jitter: 0.5 });
    const startedMs = clock.monotonic();
    for (let tries = 1; !await this.#runOnce(event); tries++) {
      if (again === "once" && tries === 2 || this.#stopping.signal.aborted) return;
      const isQuick = clock.monotonic() - startedMs < QUICK_MS;
      const delayMs = again === "once" ? ONCE_MORE_MS : isQuick ? backoff.next() : SLOW_MS;
      const isOver = await this.#wait(delayMs);
      // Something newer says more than this event does: it carries what this one changed.
      if (!isOver) {
        if (this.#next !== undefined) this.#next = this.#options.merge(event, this.#next);
        return;
      }
    }
  }

  /** Whether the run succeeded. */
  async #runOnce(event: E): Promise<boolean> {
    const { name, run, timeoutMs } = this.#options;
    const { clock, log, counters } = this.#deps;
    const limit = new AbortController();
    const timer = clock.timer(
      () => limit.abort(new DOMException(`Hook took longer than ${timeoutMs} ms`, "TimeoutError")),
      timeoutMs,
    );
    try {
      await run(event, AbortSignal.any([this.#stopping.signal, limit.signal]));
      counters.hookRuns.inc([name, "ok"]);
      return true;
    } catch (err) {
      const result = limit.signal.aborted ? "timeout" : "error";
      counters.hookRuns.inc([name, result]);
      log.error("hook failed", { hook: name, result, err });
      return false;
    } finally {
      timer.cancel();
    }
  }

  /** Whether the time passed without anything newer. */
  async #wait(delayMs: number): Promise<boolean> {
    try {
      await sleep(delayMs, { clock: this.#deps.clock, signal: this.#newer.signal });
      return true;
    } catch {
      // Aborted: a newer event or the stop.
      return false;
    }
  }
}
