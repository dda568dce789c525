/**
 * The apply cycle (reload.md 7): one thing at a time, always the newest. Events only say that something is due; the
 * loop writes what is wanted, then tells the application, again and again until it has heard.
 */

import { sleep } from "#lib/run/clock.ts";
import type { Layout } from "./disk/layout.ts";
import type { ReloadOptions } from "./options.ts";
import { type PayloadPart, RefusedVersion, shortHash } from "./payload/payload.ts";
import { goBackUntold, rollBack } from "./rollback.ts";
import { Schedule } from "./schedule.ts";
import type { ChangeKind } from "./sources/source.ts";
import { Telling, type TellingDeps } from "./telling.ts";
import { reasonOfWrite, type WantedVersion } from "./writer.ts";

/** What the cycle needs. */
export interface CycleDeps extends TellingDeps {
  /** What the sources want now. */
  readonly parts: () => readonly PayloadPart[];
  /** Removes versions that nobody needs any more; whether some are left for later. */
  readonly removeOld: Layout["removeOld"];
}

const FIRST_WRITE_RETRY_MS = 1000;
const LAST_WRITE_RETRY_MS = 30_000;
const GRACE_MS = 10_000;

/** One directory, one application. */
export class ApplyCycle {
  readonly #options: ReloadOptions;
  readonly #deps: CycleDeps;
  readonly #schedule: Schedule;
  readonly #telling: Telling;
  /** Starts the application again, which died of the visible version. */
  #recovery: PromiseWithResolvers<boolean> | undefined;
  #wake = Promise.withResolvers<void>();
  #isForced = false;
  #writeFailures = 0;
  #removeOldAtMs: number | undefined;
  #forcedWaiters: PromiseWithResolvers<void>[] = [];

  constructor(options: ReloadOptions, deps: CycleDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#schedule = new Schedule(options);
    this.#telling = new Telling(options, deps);
  }

  /** A source has something new. */
  change(kind: ChangeKind): void {
    const now = this.#deps.clock.now();
    this.#telling.changedAtMs ??= now;
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
    const wanted = await writer.build(this.#deps.parts(), signal);
    facts.envsubstMissing = wanted.missingVariables;
    const outcome = await writer.write(wanted, signal);
    if (outcome.kind === "refused") throw new RefusedVersion(outcome.reason);
    facts.hash = wanted.hash;
    this.#schedule.take(this.#deps.clock.now() - this.#options.debounceMs);
    save();
    this.#logApplied("", outcome);
  }

  /** Whether the first version is to be told, by `--reload-on-start`. */
  planStart(): void {
    const { facts } = this.#deps;
    const { reloadOnStart } = this.#options;
    const isDue = reloadOnStart === "always" ||
      reloadOnStart === "changed" && facts.lastReloadHash !== facts.hash;
    if (isDue) return this.#telling.plan("start");
    facts.lastReloadHash = facts.hash;
    facts.lastReloadOk = true;
  }

  /** One run of what is planned, for `--once`. @throws {Error} when it fails */
  async runOnce(signal: AbortSignal): Promise<void> {
    while (this.#telling.dueMs !== undefined && !signal.aborted) {
      const failure = await this.#telling.attempt(signal);
      if (failure === undefined) return;
      const delay = this.#telling.delay(failure);
      if (delay === undefined || this.#telling.isSlow) throw failure;
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
      const isDue = (atMs: number | undefined) => atMs !== undefined && now >= atMs;
      if (this.#recovery !== undefined) await this.#recover(this.#recovery);
      else if (isDue(this.#schedule.dueMs)) await this.#apply(signal);
      else if (isDue(this.#telling.dueMs)) await this.#tell(signal);
      else if (isDue(this.#removeOldAtMs)) await this.#removeOld();
      else await this.#wait(now);
    }
    signal.removeEventListener("abort", stop);
    this.#recovery?.resolve(false);
  }

  async #recover(recovery: PromiseWithResolvers<boolean>): Promise<void> {
    this.#recovery = undefined;
    recovery.resolve(await goBackUntold(this.#telling, this.#deps));
  }

  async #wait(now: number): Promise<void> {
    const times = [this.#schedule.dueMs, this.#telling.dueMs, this.#removeOldAtMs]
      .filter((time) => time !== undefined);
    const next = Math.min(...times);
    const timer = times.length === 0 || next === Infinity
      ? undefined
      : this.#deps.clock.timer(() => this.#wake.resolve(), Math.max(0, next - now));
    await this.#wake.promise;
    timer?.cancel();
  }

  async #apply(signal: AbortSignal): Promise<void> {
    const { clock, facts, writer, metrics } = this.#deps;
    this.#schedule.take(clock.now());
    facts.isApplying = true;
    const startedAt = clock.monotonic();
    try {
      const wanted = await writer.build(this.#deps.parts(), signal);
      facts.envsubstMissing = wanted.missingVariables;
      const isWritten = await this.#write(wanted, signal);
      this.#writeFailures = 0;
      facts.writeError = undefined;
      if (isWritten) metrics.written((clock.monotonic() - startedAt) / 1000);
    } catch (err) {
      if (err instanceof RefusedVersion) this.#refuse("", err.message);
      else if (!signal.aborted) this.#onWriteFailure(err);
    } finally {
      facts.isApplying = false;
    }
    if (!this.#isForced) return;
    this.#isForced = false;
    this.#telling.plan("forced");
  }

  #onWriteFailure(err: unknown): void {
    const { clock, facts, log, metrics } = this.#deps;
    const delay = Math.min(LAST_WRITE_RETRY_MS, FIRST_WRITE_RETRY_MS * 2 ** this.#writeFailures);
    this.#writeFailures += 1;
    facts.writeError = err instanceof Error ? err.message : String(err);
    metrics.writeFailed(reasonOfWrite(err));
    log.error("files cannot be written, the old ones stay", { err, retryInMs: delay });
    this.#schedule.retryAt(clock.now() + delay);
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
      this.#telling.changedAtMs = undefined;
      return false;
    }
    facts.hash = wanted.hash;
    facts.isRolledBack = false;
    // What it keeps is only needed by the next run, so the application need not wait for it.
    save();
    this.#logApplied(before, outcome);
    this.#telling.planIfNeeded();
    return true;
  }

  #logApplied(before: string, outcome: { readonly kind: string }): void {
    const { kind: _, ...counts } = outcome;
    this.#deps.log.info("version written", {
      from: shortHash(before),
      to: shortHash(this.#deps.facts.hash),
      ...counts,
    });
  }

  #refuse(hash: string, reason: string): void {
    const { facts, log, metrics, announce } = this.#deps;
    facts.refusal = { hash, reason };
    metrics.refused();
    log.error("version refused, the old one stays", { hash: shortHash(hash), reason });
    announce({ reason: "ConfigRefused", message: reason, hash });
    this.#telling.changedAtMs = undefined;
    this.#settleForced(new Error(reason));
  }

  async #tell(signal: AbortSignal): Promise<void> {
    const failure = await this.#telling.attempt(signal);
    if (failure === undefined) return this.#onHeard();
    if (signal.aborted) return;
    this.#telling.delay(failure);
    if (!this.#telling.isSlow) return;
    // What lies between the last good version and the newest ones is nobody's, however long this goes on.
    this.#removeOldAtMs ??= this.#deps.clock.now() + GRACE_MS;
    this.#settleForced(failure);
    if (!this.#options.rollback) return;
    if (await rollBack(this.#telling, this.#deps, signal)) this.#onHeard();
  }

  #onHeard(): void {
    this.#removeOldAtMs ??= this.#deps.clock.now() + GRACE_MS;
    this.#settleForced();
  }

  async #removeOld(): Promise<void> {
    this.#removeOldAtMs = undefined;
    const { removeOld, facts, log, clock } = this.#deps;
    try {
      const isMore = await removeOld(this.#options.keepVersions, facts.lastReloadHash, GRACE_MS);
      if (isMore) this.#removeOldAtMs = clock.now() + GRACE_MS;
    } catch (err) {
      log.warn("old versions cannot be removed", { err });
    }
  }

  #settleForced(failure?: Error): void {
    const waiters = this.#forcedWaiters.splice(0);
    for (const { resolve, reject } of waiters) failure === undefined ? resolve() : reject(failure);
  }
}
