/** What the sources want becomes the visible version, is refused, or has to wait for the disk (reload.md 6.6, 7). */

import type { ReloadOptions } from "./options.ts";
import { type PayloadPart, RefusedVersion, shortHash } from "./payload/payload.ts";
import { createSeldom } from "./seldom.ts";
import { StartFailure } from "./sources/source.ts";
import type { Telling, TellingDeps } from "./telling.ts";
import { reasonOfWrite, type WantedVersion, type WriteOutcome } from "./writer.ts";

/** What it needs. */
export interface ApplyingDeps extends TellingDeps {
  /** What the sources want now. */
  readonly parts: () => readonly PayloadPart[];
  readonly telling: Telling;
  /** Told why a version is not taken, or cannot be written for now. */
  readonly onNotTaken: (reason: string) => void;
}

const FIRST_WRITE_RETRY_MS = 1000;
const LAST_WRITE_RETRY_MS = 30_000;

/** The versions of one directory, one after another. */
export class Applying {
  readonly #options: ReloadOptions;
  readonly #deps: ApplyingDeps;
  readonly #isNews: (text: string) => boolean;
  #writeFailures = 0;

  constructor(options: ReloadOptions, deps: ApplyingDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#isNews = createSeldom(deps.clock);
  }

  /**
   * The first version; nothing is told yet. One that is refused leaves the version of an earlier run visible where
   * the options say to wait (reload.md 7.2).
   *
   * @throws {RefusedVersion} when it must not be written; {StartFailure} when it cannot be
   */
  async first(signal: AbortSignal): Promise<void> {
    const { facts, writer, save } = this.#deps;
    const { missing, configRoot } = this.#options;
    const before = writer.hash;
    const outcome = await this.#writeFirst(signal).catch((error): WriteOutcome => {
      if (error instanceof RefusedVersion) return { kind: "refused", reason: error.message };
      if (signal.aborted) throw error;
      throw new StartFailure(`Cannot write to "${configRoot}": ${reasonOf(error)}`, [], {
        cause: error,
      });
    });
    if (outcome.kind === "refused") {
      if (signal.aborted || before === "" || missing !== "wait") {
        throw new RefusedVersion(outcome.reason);
      }
      this.#refuse(facts.wantedHash, outcome.reason);
    }
    facts.hash = writer.hash;
    save();
    if (outcome.kind === "written") this.#logApplied(before, outcome);
    if (outcome.kind === "unchanged") {
      this.#deps.log.info("version is there already", { hash: shortHash(writer.hash) });
    }
  }

  async #writeFirst(signal: AbortSignal): Promise<WriteOutcome> {
    return await this.#make(await this.#build(signal), signal);
  }

  /** Writes a version, unless it is nothing at all and the files of before are to stay. */
  async #make(wanted: WantedVersion, signal: AbortSignal): Promise<WriteOutcome> {
    const { facts, writer, parts } = this.#deps;
    const isKept = wanted.payload.size === 0 && writer.visible.size > 0 &&
      parts().some(({ keepsOld }) => keepsOld === true);
    if (!isKept) return await writer.write(wanted, signal);
    facts.wantedHash = writer.hash;
    return { kind: "unchanged" };
  }

  async #build(signal: AbortSignal): Promise<WantedVersion> {
    const { facts, writer } = this.#deps;
    facts.wantedHash = "";
    const wanted = await writer.build(this.#deps.parts(), signal);
    facts.wantedHash = wanted.hash;
    facts.envsubstMissing = wanted.missingVariables;
    return wanted;
  }

  /** The newest version; milliseconds until it is to be tried again, `undefined` when it need not be. */
  async apply(
    signal: AbortSignal,
    { isForced }: { readonly isForced: boolean },
  ): Promise<number | undefined> {
    const { clock, facts, metrics } = this.#deps;
    facts.isApplying = true;
    const startedAt = clock.monotonic();
    try {
      const isWritten = await this.#write(await this.#build(signal), { signal, isForced });
      this.#writeFailures = 0;
      facts.writeError = undefined;
      if (isWritten) metrics.written((clock.monotonic() - startedAt) / 1000);
    } catch (err) {
      if (err instanceof RefusedVersion) this.#refuse("", err.message);
      else if (!signal.aborted) return this.#onWriteFailure(err);
    } finally {
      facts.isApplying = false;
    }
    return undefined;
  }

  #onWriteFailure(err: unknown): number {
    const { facts, log, metrics, onNotTaken } = this.#deps;
    const delay = Math.min(LAST_WRITE_RETRY_MS, FIRST_WRITE_RETRY_MS * 2 ** this.#writeFailures);
    this.#writeFailures += 1;
    facts.writeError = reasonOf(err);
    const reason = reasonOfWrite(err);
    metrics.writeFailed(reason);
    // Messages name folders that are new each time.
    if (this.#isNews(reason)) {
      log.error("files cannot be written, the old ones stay", { err, retryInMs: delay });
    }
    onNotTaken(`Cannot write to "${this.#options.configRoot}": ${facts.writeError}`);
    return delay;
  }

  /** Whether another version is visible now. */
  async #write(
    wanted: WantedVersion,
    { signal, isForced }: { readonly signal: AbortSignal; readonly isForced: boolean },
  ): Promise<boolean> {
    const { facts, writer, save, telling } = this.#deps;
    const isBarred = facts.quarantined.has(wanted.hash) || facts.refusal?.hash === wanted.hash;
    if (isBarred && !isForced) return false;
    const before = writer.hash;
    const outcome = await this.#make(wanted, signal);
    if (outcome.kind === "refused") {
      if (!signal.aborted) this.#refuse(wanted.hash, outcome.reason);
      return false;
    }
    facts.refusal = undefined;
    facts.isRolledBack = false;
    // The content has changed since, so what was barred may come again.
    facts.quarantined.clear();
    if (outcome.kind === "unchanged") {
      telling.changedAtMs = undefined;
      // Also where a roll-back to it was not heard.
      if (telling.dueMs === undefined) telling.planIfNeeded();
      return false;
    }
    facts.hash = wanted.hash;
    // What it keeps is only needed by the next run, so the application need not wait for it.
    save();
    this.#logApplied(before, outcome);
    // Somebody has changed the files, and the application may have read them.
    if (before === wanted.hash && telling.dueMs === undefined) telling.plan("resync");
    else telling.planIfNeeded();
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
    const { facts, log, metrics, announce, telling, onNotTaken } = this.#deps;
    facts.refusal = { hash, reason };
    metrics.refused();
    log.error("version refused, the old one stays", { hash: shortHash(hash), reason });
    announce({ reason: "ConfigRefused", message: reason, hash });
    telling.changedAtMs = undefined;
    onNotTaken(reason);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
