/**
 * The apply cycle (reload.md 7): one thing at a time, always the newest. Events only say that something is due; the
 * loop writes what is wanted, then tells the application, again and again until it has heard.
 */

import { sleep } from "#lib/run/clock.ts";
import { Applying, type ApplyingDeps } from "./applying.ts";
import type { Layout } from "./disk/layout.ts";
import type { ReloadOptions } from "./options.ts";
import { goBackUntold, rollBack } from "./rollback.ts";
import { Schedule } from "./schedule.ts";
import type { ChangeKind } from "./sources/source.ts";
import { Telling, type TellingDeps } from "./telling.ts";

/** What the cycle needs. */
export interface CycleDeps extends TellingDeps, Pick<ApplyingDeps, "parts"> {
  /** Removes versions that nobody needs any more; whether some are left for later. */
  readonly removeOld: Layout["removeOld"];
}

const GRACE_MS = 10_000;

/** One directory, one application. */
export class ApplyCycle {
  readonly #options: ReloadOptions;
  readonly #deps: CycleDeps;
  readonly #schedule: Schedule;
  readonly #telling: Telling;
  readonly #applying: Applying;
  /** Starts the application again, which died of the visible version. */
  #recovery: PromiseWithResolvers<boolean> | undefined;
  #wake = Promise.withResolvers<void>();
  #isForced = false;
  #removeOldAtMs: number | undefined;
  #forcedWaiters: PromiseWithResolvers<void>[] = [];

  constructor(options: ReloadOptions, deps: CycleDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#schedule = new Schedule(options);
    this.#telling = new Telling(options, deps);
    this.#applying = new Applying(options, {
      ...deps,
      telling: this.#telling,
      onNotTaken: (reason) => this.#settleForced(new Error(reason)),
    });
  }

  /** A source has something new. */
  change(kind: ChangeKind): void {
    const now = this.#now();
    this.#telling.changedAtMs ??= now;
    this.#schedule.add(kind, now);
    this.#wake.resolve();
  }

  /** Steps of the wall clock must not move what is due. */
  #now(): number {
    return this.#deps.clock.monotonic();
  }

  /** How long ago the application was told last, milliseconds; `Infinity` before that. */
  get sinceToldMs(): number {
    return this.#now() - this.#telling.lastStartMs;
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
    this.#schedule.retryAt(this.#now());
    this.#wake.resolve();
    return waiter.promise;
  }

  /** The first version, as {@linkcode Applying.first} makes it. */
  async first(signal: AbortSignal): Promise<void> {
    await this.#applying.first(signal);
    this.#schedule.take(this.#now() - this.#options.debounceMs);
  }

  /** Whether the first version is to be told, by `--reload-on-start`. */
  planStart(): void {
    const { facts } = this.#deps;
    const { reloadOnStart } = this.#options;
    const isDue = reloadOnStart === "always" ||
      reloadOnStart === "changed" &&
        (facts.lastReloadHash !== facts.hash || !facts.lastReloadOk);
    if (isDue) return this.#telling.plan("start");
    this.#telling.noteHeard(facts.hash);
  }

  /** One run of what is planned, for `--once`; a stop ends it. @throws {Error} when it fails */
  async runOnce(signal: AbortSignal): Promise<void> {
    while (this.#telling.dueMs !== undefined && !signal.aborted) {
      const failure = await this.#telling.attempt(signal);
      if (failure === undefined || signal.aborted) return;
      const delay = this.#telling.delay(failure);
      if (delay === undefined || this.#telling.isSlow) throw failure;
      await sleep(delay, { clock: this.#deps.clock, signal }).catch(() => undefined);
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
      const now = this.#now();
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
    this.#schedule.take(this.#now());
    const retryInMs = await this.#applying.apply(signal, { isForced: this.#isForced });
    if (retryInMs !== undefined) this.#schedule.retryAt(this.#now() + retryInMs);
    if (!this.#isForced) return;
    this.#isForced = false;
    this.#telling.plan("forced");
  }

  async #tell(signal: AbortSignal): Promise<void> {
    const failure = await this.#telling.attempt(signal);
    if (failure === undefined) return this.#onHeard();
    if (signal.aborted) return;
    this.#telling.delay(failure);
    if (!this.#telling.isSlow) return;
    // What lies between the last good version and the newest ones is nobody's, however long this goes on.
    this.#removeOldAtMs ??= this.#now() + GRACE_MS;
    this.#settleForced(failure);
    if (!this.#options.rollback) return;
    if (await rollBack(this.#telling, this.#deps, signal)) this.#onHeard();
  }

  #onHeard(): void {
    this.#removeOldAtMs ??= this.#now() + GRACE_MS;
    this.#settleForced();
  }

  async #removeOld(): Promise<void> {
    this.#removeOldAtMs = undefined;
    const { removeOld, facts, log } = this.#deps;
    const needed = [facts.lastReloadHash, facts.previousReloadHash];
    try {
      const isMore = await removeOld(this.#options.keepVersions, needed, GRACE_MS);
      if (isMore) this.#removeOldAtMs = this.#now() + GRACE_MS;
    } catch (err) {
      log.warn("old versions cannot be removed", { err });
    }
  }

  #settleForced(failure?: Error): void {
    const waiters = this.#forcedWaiters.splice(0);
    for (const { resolve, reject } of waiters) failure === undefined ? resolve() : reject(failure);
  }
}
