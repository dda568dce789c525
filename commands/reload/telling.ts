/** Telling the application of a version: when, how often, and what came of it (reload.md 7.1, 7.3, 8.2). */

import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { Action, ReloadReason } from "./actions/action.ts";
import type { CycleEvent } from "./cycle_event.ts";
import type { ReloadMetrics } from "./reload_metrics.ts";
import type { ReloadOptions } from "./options.ts";
import { shortHash } from "./payload/payload.ts";
import { Retry } from "./retry.ts";
import { createSeldom } from "./seldom.ts";
import type { RunFacts } from "./state.ts";
import type { Writer } from "./writer.ts";

/** What telling needs. */
export interface TellingDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1). */
  readonly random: () => number;
  readonly env: Readonly<Record<string, string>>;
  readonly writer: Writer;
  readonly actions: readonly Action[];
  readonly facts: RunFacts;
  readonly metrics: ReloadMetrics;
  /** Keeps the facts for the next run; nobody waits for it. */
  readonly save: () => void;
  /** Told of what people should hear of. */
  readonly announce: (event: CycleEvent) => void;
}

/** The runs for one application, one after another. */
export class Telling {
  readonly #options: ReloadOptions;
  readonly #deps: TellingDeps;
  readonly #isNews: (text: string) => boolean;
  /** Why the application is to be told; `undefined` when it has heard. */
  #reason: ReloadReason | undefined;
  #retry: Retry | undefined;
  #dueMs = 0;
  /** When the last run began, on the monotonic clock. */
  lastStartMs = -Infinity;
  #isFirst = true;
  /** When the change that is being told came, on the monotonic clock; `undefined` for none. */
  changedAtMs: number | undefined;

  constructor(options: ReloadOptions, deps: TellingDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#isNews = createSeldom(deps.clock);
  }

  /** When the next run is due on the monotonic clock, `Infinity` after giving up; `undefined` while nothing is to be told. */
  get dueMs(): number | undefined {
    return this.#reason === undefined ? undefined : this.#dueMs;
  }

  /** Whether the fast phase of the tries is over. */
  get isSlow(): boolean {
    return this.#retry?.isSlow === true;
  }

  /** The visible version is to be told, from the first try on. */
  plan(reason: ReloadReason): void {
    const { clock, random, facts } = this.#deps;
    const { reloadMinIntervalMs, splayMs, retryMaxElapsedMs, retryIntervalMs } = this.#options;
    const now = clock.monotonic();
    const isWaiting = this.#reason !== undefined && this.#retry?.hasFailed === false;
    this.#reason = reason;
    this.#retry = new Retry({
      maxElapsedMs: retryMaxElapsedMs,
      intervalMs: retryIntervalMs,
      random,
      ...this.#options.retryAttempts,
    }, now);
    const splay = this.#isFirst ? 0 : splayMs * random();
    const dueMs = Math.max(now, this.lastStartMs + reloadMinIntervalMs) + splay;
    // A version that comes while one waits must not put it off, or many would put it off for ever.
    this.#dueMs = isWaiting ? Math.min(this.#dueMs, dueMs) : dueMs;
    facts.nextAttemptMs = clock.now() + this.#dueMs - now;
  }

  /** A version that the application has not heard of, or a failure before it, is to be told. */
  planIfNeeded(): void {
    const { facts } = this.#deps;
    if (facts.hash !== facts.lastReloadHash || !facts.lastReloadOk) this.plan("change");
  }

  /** The application has the version. */
  noteHeard(hash: string): void {
    const { facts } = this.#deps;
    if (facts.lastReloadHash !== hash) facts.previousReloadHash = facts.lastReloadHash;
    facts.lastReloadHash = hash;
    facts.lastReloadOk = true;
  }

  /** Nothing is to be told any more. */
  cancel(): void {
    this.#reason = undefined;
    this.#deps.facts.nextAttemptMs = undefined;
  }

  /** Notes that a try failed, and when the next one is; milliseconds until then, `undefined` for never. */
  delay(failure: Error): number | undefined {
    const { clock, facts, log, metrics } = this.#deps;
    const now = clock.monotonic();
    const delay = this.#retry?.next(now);
    if (this.isSlow && facts.failingSinceMs === undefined) {
      facts.failingSinceMs = now;
      metrics.gaveUp();
    }
    this.#dueMs = delay === undefined ? Infinity : now + delay;
    facts.nextAttemptMs = delay === undefined ? undefined : clock.now() + delay;
    if (this.#isNews(`${facts.hash} ${failure.message}`)) {
      log.warn("reload failed", {
        err: failure,
        hash: shortHash(facts.hash),
        ...(delay === undefined ? {} : { retryInMs: Math.round(delay) }),
      });
    }
    return delay;
  }

  /** One try; the failure, or `undefined` when the application has heard. */
  async attempt(signal: AbortSignal): Promise<Error | undefined> {
    const { clock, facts, writer, metrics, announce, save } = this.#deps;
    const reason = this.#reason ?? "change";
    const { hash, folder } = writer;
    this.lastStartMs = clock.monotonic();
    this.#isFirst = false;
    facts.lastAttemptMs = clock.now();
    facts.attempts += 1;
    const startedAt = clock.monotonic();
    const run = { hash, previousHash: facts.lastReloadHash ?? "", reason, folder };
    const current = { name: "none" };
    try {
      await this.#act(run, current, signal);
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      const isFirstFailure = facts.lastReloadOk;
      facts.lastReloadOk = false;
      // A run that takes over must tell it again.
      if (isFirstFailure) save();
      facts.lastError = failure.message;
      facts.consecutiveFailures += 1;
      metrics.reloadFailed(current.name, reason);
      if (!signal.aborted) {
        announce({ reason: "ConfigReloadFailed", message: failure.message, hash });
      }
      return failure;
    }
    this.#onSuccess(run, (clock.monotonic() - startedAt) / 1000);
    return undefined;
  }

  /** The actions in their order, then the verification. */
  async #act(
    run: Parameters<Action["run"]>[0],
    current: { name: string },
    signal: AbortSignal,
  ): Promise<void> {
    const { verify } = this.#options;
    const verification = verify === undefined
      ? undefined
      : await import("./verify.ts").then((lib) =>
        lib.beginVerification(verify, this.#deps, signal)
      );
    for (const action of this.#deps.actions) {
      current.name = action.name;
      await action.run(run, signal);
    }
    if (verification === undefined) return;
    current.name = "verify";
    await verification.wait(run.hash, signal);
  }

  #onSuccess({ hash, reason }: Parameters<Action["run"]>[0], seconds: number): void {
    const { clock, facts, actions, metrics, log, save, announce } = this.#deps;
    this.#reason = undefined;
    this.noteHeard(hash);
    facts.lastSuccessMs = clock.now();
    facts.consecutiveFailures = 0;
    facts.lastError = undefined;
    facts.failingSinceMs = undefined;
    facts.nextAttemptMs = undefined;
    metrics.reloaded(this.#options.actions.join(","), reason, seconds);
    if (this.changedAtMs !== undefined) {
      metrics.changeTold((clock.monotonic() - this.changedAtMs) / 1000);
    }
    this.changedAtMs = undefined;
    log.info("application reloaded", {
      hash: shortHash(hash),
      reason,
      actions: actions.map(({ name }) => name).join(","),
      tookMs: Math.round(seconds * 1000),
    });
    announce({ reason: "ConfigReloaded", message: `version ${shortHash(hash)}`, hash });
    save();
  }
}
