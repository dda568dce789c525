/**
 * The apply cycle (reload.md 7): one thing at a time, always the newest. Events only say that something is due; the
 * loop writes what is wanted, then tells the application, again and again until it has heard.
 */

import type { Logger } from "#lib/log/logger.ts";
import { type Clock, sleep } from "#lib/run/clock.ts";
import type { Action, ReloadReason } from "./actions/action.ts";
import type { ReloadMetrics } from "./metrics.ts";
import type { ReloadOptions } from "./options.ts";
import { RefusedVersion } from "./payload/payload.ts";
import { Retry } from "./retry.ts";
import { Schedule } from "./schedule.ts";
import { createSeldom } from "./seldom.ts";
import type { ChangeKind } from "./sources/source.ts";
import type { PayloadPart } from "./payload/payload.ts";
import type { RunFacts } from "./state.ts";
import type { WantedVersion, Writer } from "./writer.ts";

/** What the cycle needs. */
export interface CycleDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1). */
  readonly random: () => number;
  readonly env: Readonly<Record<string, string>>;
  readonly writer: Writer;
  readonly actions: readonly Action[];
  /** What the sources want now. */
  readonly parts: () => readonly PayloadPart[];
  readonly facts: RunFacts;
  readonly metrics: ReloadMetrics;
  /** Keeps the facts for the next run. */
  readonly save: () => Promise<void>;
  readonly removeOld: (keep: number) => Promise<void>;
  /** Told of what people should hear of. */
  readonly announce: (event: CycleEvent) => void;
}

/** Something for Kubernetes Events. */
export interface CycleEvent {
  readonly reason: "ConfigReloaded" | "ConfigReloadFailed" | "ConfigRefused" | "ConfigRolledBack";
  readonly message: string;
  readonly hash: string;
}

const FIRST_WRITE_RETRY_MS = 1000;
const LAST_WRITE_RETRY_MS = 30_000;
const GRACE_MS = 10_000;
const SHORT = 12;

/** One directory, one application. */
export class ApplyCycle {
  readonly #options: ReloadOptions;
  readonly #deps: CycleDeps;
  readonly #schedule: Schedule;
  readonly #isNews: (text: string) => boolean;
  /** Starts the application again, which died of the visible version. */
  #recovery: PromiseWithResolvers<boolean> | undefined;
  #wake = Promise.withResolvers<void>();
  /** Why the application is to be told; `undefined` when it has heard. */
  #reloadFor: ReloadReason | undefined;
  #retry: Retry | undefined;
  #reloadAtMs = 0;
  #lastRunStartMs = -Infinity;
  #isFirstRun = true;
  #isForced = false;
  #changedAtMs: number | undefined;
  #writeFailures = 0;
  #removeOldAtMs: number | undefined;
  #forcedWaiters: PromiseWithResolvers<void>[] = [];

  constructor(options: ReloadOptions, deps: CycleDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#schedule = new Schedule(options);
    this.#isNews = createSeldom(deps.clock);
  }

  /** A source has something new. */
  change(kind: ChangeKind): void {
    const now = this.#deps.clock.now();
    this.#changedAtMs ??= now;
    this.#schedule.add(kind, now);
    this.#wake.resolve();
  }

  /** Applies and tells the application whatever was before; resolves when it has heard. */
  force(reason: "forced" | "resync"): Promise<void> {
    const waiter = Promise.withResolvers<void>();
    if (reason === "forced") {
      this.#isForced = true;
      this.#forcedWaiters.push(waiter);
      this.#deps.facts.quarantined.clear();
      this.#deps.facts.refusal = undefined;
    } else waiter.resolve();
    this.#schedule.retryAt(this.#deps.clock.now());
    this.#wake.resolve();
    return waiter.promise;
  }

  /**
   * The first version; nothing is told yet.
   *
   * @throws {RefusedVersion} when it must not be written; {Error} when it cannot be
   */
  async first(signal: AbortSignal): Promise<void> {
    const { facts, writer, save } = this.#deps;
    const wanted = await writer.build(this.#deps.parts());
    facts.envsubstMissing = wanted.missingVariables;
    const outcome = await writer.write(wanted, signal);
    if (outcome.kind === "refused") throw new RefusedVersion(outcome.reason);
    facts.hash = wanted.hash;
    this.#schedule.take(this.#deps.clock.now() - this.#options.debounceMs);
    await save();
    this.#logApplied("", outcome);
  }

  /** Whether the first version is to be told, by `--reload-on-start`. */
  planStart(): void {
    const { facts } = this.#deps;
    const { reloadOnStart } = this.#options;
    const isDue = reloadOnStart === "always" ||
      reloadOnStart === "changed" && facts.lastReloadHash !== facts.hash;
    if (isDue) this.#plan("start");
    else {
      facts.lastReloadHash = facts.hash;
      facts.lastReloadOk = true;
    }
  }

  /** One run of what is planned, for `--once`. @throws {Error} when it fails */
  async runOnce(signal: AbortSignal): Promise<void> {
    while (this.#reloadFor !== undefined && !signal.aborted) {
      const failure = await this.#attempt(signal);
      if (failure === undefined) return;
      const delay = this.#retry?.next(this.#deps.clock.now());
      if (delay === undefined || this.#retry?.isSlow === true) throw failure;
      await sleep(delay, { clock: this.#deps.clock, signal });
    }
  }

  /**
   * The application died of the visible version: makes the one before visible. Resolves to whether there is one;
   * the caller starts the application again then.
   */
  goBack(): Promise<boolean> {
    this.#recovery ??= Promise.withResolvers();
    this.#wake.resolve();
    return this.#recovery.promise;
  }

  /** Goes on until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = () => this.#wake.resolve();
    signal.addEventListener("abort", stop, { once: true });
    while (!signal.aborted) {
      this.#wake = Promise.withResolvers();
      const now = this.#deps.clock.now();
      const { dueMs } = this.#schedule;
      if (this.#recovery !== undefined) await this.#recover(this.#recovery);
      else if (dueMs !== undefined && now >= dueMs) await this.#apply(signal);
      else if (this.#reloadFor !== undefined && now >= this.#reloadAtMs) await this.#tell(signal);
      else if (this.#removeOldAtMs !== undefined && now >= this.#removeOldAtMs) {
        await this.#removeOld();
      } else await this.#wait(now);
    }
    signal.removeEventListener("abort", stop);
    this.#recovery?.resolve(false);
  }

  async #recover(recovery: PromiseWithResolvers<boolean>): Promise<void> {
    this.#recovery = undefined;
    this.#reloadFor = undefined;
    const isBack = await this.#goBack();
    if (isBack) {
      // It starts with these files, so there is nothing to tell.
      const { facts } = this.#deps;
      facts.lastReloadHash = facts.hash;
      facts.lastReloadOk = true;
      facts.consecutiveFailures = 0;
      facts.failingSinceMs = undefined;
    }
    recovery.resolve(isBack);
  }

  async #wait(now: number): Promise<void> {
    const times = [
      this.#schedule.dueMs,
      this.#reloadFor === undefined ? undefined : this.#reloadAtMs,
      this.#removeOldAtMs,
    ].filter((time) => time !== undefined);
    const next = Math.min(...times);
    const timer = times.length === 0 || next === Infinity
      ? undefined
      : this.#deps.clock.timer(() => this.#wake.resolve(), Math.max(0, next - now));
    await this.#wake.promise;
    timer?.cancel();
  }

  async #apply(signal: AbortSignal): Promise<void> {
    const { clock, facts, writer, log, metrics } = this.#deps;
    this.#schedule.take(clock.now());
    facts.isApplying = true;
    const startedAt = clock.monotonic();
    try {
      const wanted = await writer.build(this.#deps.parts());
      facts.envsubstMissing = wanted.missingVariables;
      const isWritten = await this.#write(wanted, signal);
      this.#writeFailures = 0;
      facts.writeError = undefined;
      if (isWritten) metrics.written((clock.monotonic() - startedAt) / 1000);
    } catch (err) {
      if (err instanceof RefusedVersion) this.#refuse("", err.message);
      else if (!signal.aborted) {
        const delay = Math.min(
          LAST_WRITE_RETRY_MS,
          FIRST_WRITE_RETRY_MS * 2 ** this.#writeFailures,
        );
        this.#writeFailures += 1;
        facts.writeError = err instanceof Error ? err.message : String(err);
        metrics.writeFailed("write");
        log.error("files cannot be written, the old ones stay", { err, retryInMs: delay });
        this.#schedule.retryAt(clock.now() + delay);
      }
    } finally {
      facts.isApplying = false;
    }
    if (this.#isForced) {
      this.#isForced = false;
      this.#plan("forced");
    }
  }

  /** Whether another version is visible now. */
  async #write(wanted: WantedVersion, signal: AbortSignal): Promise<boolean> {
    const { facts, writer, save } = this.#deps;
    const isBarred = facts.quarantined.has(wanted.hash) || facts.refusal?.hash === wanted.hash;
    if (isBarred && !this.#isForced) return false;
    const before = writer.hash;
    const outcome = await writer.write(wanted, signal);
    if (outcome.kind === "refused") {
      if (!signal.aborted) this.#refuse(wanted.hash, outcome.reason);
      return false;
    }
    facts.refusal = undefined;
    if (outcome.kind === "unchanged") {
      this.#changedAtMs = undefined;
      return false;
    }
    facts.hash = wanted.hash;
    facts.isRolledBack = false;
    await save();
    this.#logApplied(before, outcome);
    this.#planIfNeeded();
    return true;
  }

  #logApplied(before: string, outcome: { readonly kind: string }): void {
    const { kind: _, ...counts } = outcome;
    this.#deps.log.info("version written", {
      from: before.slice(0, SHORT),
      to: this.#deps.facts.hash.slice(0, SHORT),
      ...counts,
    });
  }

  #refuse(hash: string, reason: string): void {
    const { facts, log, metrics, announce } = this.#deps;
    facts.refusal = { hash, reason };
    metrics.refused();
    log.error("version refused, the old one stays", { hash: hash.slice(0, SHORT), reason });
    announce({ reason: "ConfigRefused", message: reason, hash });
    this.#changedAtMs = undefined;
    this.#settleForced(new Error(reason));
  }

  /** A version that the application has not heard of, or a failure before it. */
  #planIfNeeded(): void {
    const { facts } = this.#deps;
    if (facts.hash !== facts.lastReloadHash || !facts.lastReloadOk) this.#plan("change");
  }

  #plan(reason: ReloadReason): void {
    const { clock, random } = this.#deps;
    const { reloadMinIntervalMs, splayMs, retryMaxElapsedMs, retryIntervalMs } = this.#options;
    const now = clock.now();
    this.#reloadFor = reason;
    this.#retry = new Retry({
      maxElapsedMs: retryMaxElapsedMs,
      intervalMs: retryIntervalMs,
      random,
    }, now);
    const splay = this.#isFirstRun ? 0 : splayMs * random();
    this.#reloadAtMs = Math.max(now, this.#lastRunStartMs + reloadMinIntervalMs) + splay;
  }

  async #tell(signal: AbortSignal): Promise<void> {
    const failure = await this.#attempt(signal);
    if (failure === undefined || signal.aborted) return;
    const { clock, facts, log } = this.#deps;
    const now = clock.now();
    const delay = this.#retry?.next(now);
    const isFinal = this.#retry?.isSlow === true;
    if (isFinal) facts.failingSinceMs ??= now;
    if (this.#isNews(`${facts.hash} ${failure.message}`)) {
      log.warn("reload failed", {
        err: failure,
        hash: facts.hash.slice(0, SHORT),
        ...(delay === undefined ? {} : { retryInMs: Math.round(delay) }),
      });
    }
    if (isFinal) {
      this.#settleForced(failure);
      if (facts.consecutiveFailures > 0 && this.#options.rollback) {
        if (await this.#rollBack(signal)) return;
      }
    }
    this.#reloadAtMs = delay === undefined ? Infinity : now + delay;
    facts.nextAttemptMs = delay === undefined ? undefined : now + delay;
  }

  /** One try; the failure, or `undefined` when the application has heard. */
  async #attempt(signal: AbortSignal): Promise<Error | undefined> {
    const { clock, facts, writer, actions, metrics, log, save, announce } = this.#deps;
    const reason = this.#reloadFor ?? "change";
    const { hash } = writer;
    this.#lastRunStartMs = clock.now();
    this.#isFirstRun = false;
    facts.lastAttemptMs = this.#lastRunStartMs;
    facts.attempts += 1;
    const startedAt = clock.monotonic();
    const run = {
      hash,
      previousHash: facts.lastReloadHash ?? "",
      reason,
      folder: writer.folder,
    };
    let current = "none";
    try {
      const { verify } = this.#options;
      const verification = verify === undefined ? undefined : await import("./verify.ts")
        .then((lib) => lib.beginVerification(verify, this.#deps, signal));
      for (const action of actions) {
        current = action.name;
        await action.run(run, signal);
      }
      current = "verify";
      await verification?.wait(hash, signal);
    } catch (error) {
      facts.lastReloadOk = false;
      facts.lastError = error instanceof Error ? error.message : String(error);
      facts.consecutiveFailures += 1;
      metrics.reloadFailed(current);
      if (!signal.aborted) {
        announce({ reason: "ConfigReloadFailed", message: facts.lastError, hash });
      }
      return error instanceof Error ? error : new Error(String(error));
    }
    const tookMs = clock.monotonic() - startedAt;
    this.#reloadFor = undefined;
    facts.lastReloadHash = hash;
    facts.lastReloadOk = true;
    facts.lastSuccessMs = clock.now();
    facts.consecutiveFailures = 0;
    facts.lastError = undefined;
    facts.failingSinceMs = undefined;
    facts.nextAttemptMs = undefined;
    metrics.reloaded(current, tookMs / 1000);
    if (this.#changedAtMs !== undefined) {
      metrics.changeTold((clock.now() - this.#changedAtMs) / 1000);
    }
    this.#changedAtMs = undefined;
    log.info("application reloaded", {
      hash: hash.slice(0, SHORT),
      reason,
      actions: actions.map(({ name }) => name).join(","),
      tookMs: Math.round(tookMs),
    });
    announce({ reason: "ConfigReloaded", message: `version ${hash.slice(0, SHORT)}`, hash });
    this.#removeOldAtMs = clock.now() + GRACE_MS;
    await save();
    this.#settleForced();
    return undefined;
  }

  /** Whether there is an earlier version that the application runs with now. */
  async #rollBack(signal: AbortSignal): Promise<boolean> {
    if (!await this.#goBack()) return false;
    const { facts, log } = this.#deps;
    this.#plan("rollback");
    const failure = await this.#attempt(signal);
    if (failure === undefined) return true;
    log.error("the version before cannot be reloaded either", { err: failure });
    this.#reloadFor = undefined;
    facts.failingSinceMs = this.#deps.clock.now();
    return true;
  }

  /** Makes the version before visible, when there is one that the application has run with. */
  async #goBack(): Promise<boolean> {
    const { facts, writer, log, metrics, announce, save } = this.#deps;
    const bad = writer.hash;
    const hash = facts.lastReloadHash === undefined ? undefined : await writer.back();
    if (hash === undefined) return false;
    facts.quarantined.add(bad);
    facts.hash = hash;
    facts.isRolledBack = true;
    metrics.rolledBack();
    log.warn("rolled back to the version before", {
      from: bad.slice(0, SHORT),
      to: hash.slice(0, SHORT),
    });
    announce({ reason: "ConfigRolledBack", message: `version ${bad.slice(0, SHORT)}`, hash: bad });
    await save();
    return true;
  }

  async #removeOld(): Promise<void> {
    this.#removeOldAtMs = undefined;
    try {
      await this.#deps.removeOld(this.#options.keepVersions);
    } catch (err) {
      this.#deps.log.warn("old versions cannot be removed", { err });
    }
  }

  #settleForced(failure?: Error): void {
    const waiters = this.#forcedWaiters.splice(0);
    for (const { resolve, reject } of waiters) failure === undefined ? resolve() : reject(failure);
  }
}
