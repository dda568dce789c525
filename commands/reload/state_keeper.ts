/** Writes the state file behind the cycle: one write at a time, the newest state, tried again until it is there. */

import type { Logger } from "#lib/log/logger.ts";
import type { Clock, Timer } from "#lib/run/clock.ts";
import type { Layout } from "./disk/layout.ts";
import type { SavedState } from "./disk/state_file.ts";
import { createSeldom } from "./seldom.ts";
import type { Source } from "./sources/source.ts";
import type { RunFacts } from "./state.ts";
import type { Writer } from "./writer.ts";

/** What the keeper needs. */
export interface StateKeeperDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly facts: RunFacts;
  /** Writes the state as it is now. */
  readonly write: () => Promise<void>;
}

const RETRY_MS = 5000;

/** Keeps the state. */
export class StateKeeper {
  readonly #deps: StateKeeperDeps;
  readonly #isNews: (text: string) => boolean;
  #isDue = false;
  #writing: Promise<void> | undefined;
  #retry: Timer | undefined;

  constructor(deps: StateKeeperDeps) {
    this.#deps = deps;
    this.#isNews = createSeldom(deps.clock);
  }

  /** The state has changed. */
  save(): void {
    this.#isDue = true;
    this.#writing ??= this.#writeAll().finally(() => this.#writing = undefined);
  }

  /** Resolves when the state as it is now is written. @throws {Error} when it cannot be */
  async saveNow(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    const done = Promise.withResolvers<void>();
    this.#writing = done.promise;
    try {
      await this.#deps.write();
    } finally {
      this.#writing = undefined;
      done.resolve();
      // Changed while it was written.
      if (this.#isDue) this.save();
    }
  }

  /** Resolves when nothing is being written; nothing is tried again after that. */
  async close(): Promise<void> {
    await this.#writing;
    this.#retry?.cancel();
  }

  async #writeAll(): Promise<void> {
    const { write, facts, log, clock } = this.#deps;
    while (this.#isDue) {
      this.#isDue = false;
      try {
        await write();
        facts.stateError = undefined;
      } catch (err) {
        facts.stateError = err instanceof Error ? err.message : String(err);
        if (this.#isNews("not written")) {
          log.error("state file cannot be written", { err, retryInMs: RETRY_MS });
        }
        this.#retry?.cancel();
        this.#retry = clock.timer(() => this.save(), RETRY_MS, { unref: true });
      }
    }
  }
}

/** What a run would say of itself now. */
export function stateOfRun(
  { layout, writer, facts, sources }: {
    readonly layout: Layout;
    readonly writer: Writer;
    readonly facts: RunFacts;
    readonly sources: readonly Source[];
  },
): SavedState {
  return {
    schema: 1,
    hash: writer.hash,
    dir: layout.current(),
    earlier: layout.earlier(),
    sources: sources.flatMap((source) => source.status())
      .map(({ kind, namespace, name, uid, resourceVersion }) => ({
        ...{ kind, namespace, name, uid, resourceVersion },
      })),
    lastReloadHash: facts.lastReloadHash ?? null,
    lastReloadOk: facts.lastReloadOk,
    layout: layout.name,
    files: layout.files(),
  };
}
