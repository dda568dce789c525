/**
 * Brings a source's values into a set of flags: once at the start, when static flags may be set too, then at each
 * change. Nothing it meets while running stops it; bad values leave the flags as they are.
 */

import { type Logger, silentLogger } from "#lib/log/logger.ts";
import { FlagError } from "./errors.ts";
import type { FlagSet } from "./flag_set.ts";
import type { FlagUpdate } from "./flag_set_contract.ts";
import type { FlagSource, SourceItem, SourceSnapshot, SourceWatch } from "./source.ts";
import type { ValueInput } from "./value_contract.ts";

/** How a source is brought in. */
export interface UpdaterOptions {
  /** For people; silent by default. */
  readonly log?: Logger;
  /** Whether one bad value keeps the whole update out; false by default. */
  readonly atomic?: boolean;
  /** What becomes of a flag whose key is removed: it keeps its value (default), or gets back the one before. */
  readonly onRemove?: "keep" | "default";
  /** Whether values set by HTTP give way to the next update (default) or stay until they are cleared. */
  readonly overridePolicy?: "until-update" | "sticky";
  /** Names that are not declared: one warning each (default), an error, or nothing. */
  readonly unknown?: "warn" | "error" | "ignore";
  /**
   * Whether the process may end while the source is followed; false by default. For directories: informers have
   * connections, which only the client they belong to can let go of.
   */
  readonly unref?: boolean;
}

type Phase = "initialize" | "update";

type Inputs = Map<string, ValueInput<unknown> | { readonly problem: string }>;

/**
 * Follows a source. Events: `update` (detail: `FlagUpdate`), `error` (detail: the error), `unknown` (detail: the
 * name), `removed` (detail: the name). Counts and events are complete, the log is for people.
 */
export class Updater extends EventTarget implements AsyncDisposable {
  readonly #flags: FlagSet;
  readonly #source: FlagSource;
  readonly #log: Logger;
  readonly #options: UpdaterOptions;
  readonly #unknown = new Set<string>();
  readonly #restartNeeded = new Set<string>();
  #known = new Set<string>();
  /** Removed names whose former values no update has brought back yet. */
  readonly #owed = new Set<string>();
  #errors = 0;
  #running: AbortController | undefined;
  #watch: Promise<SourceWatch> | undefined;

  /** Nothing is read before `initialize`. */
  constructor(flags: FlagSet, source: FlagSource, options: UpdaterOptions = {}) {
    super();
    this.#flags = flags;
    this.#source = source;
    this.#options = options;
    this.#log = (options.log ?? silentLogger).with({ source: source.description });
  }

  /** Number of different unknown names met so far. */
  get warnings(): number {
    return this.#unknown.size;
  }

  /** Number of flags that failed so far, over all reads. */
  get errors(): number {
    return this.#errors;
  }

  /** Static flags whose value in the source is not the one in force: they need a restart. */
  get restartNeeded(): ReadonlySet<string> {
    return this.#restartNeeded;
  }

  /** Whether the source is being followed. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /**
   * Reads the source for the first time, static flags included.
   *
   * @throws {AggregateError} with one `FlagError` for each bad value; good values are set all the same
   * @throws {Error} when the source cannot be read, or is being followed already
   */
  async initialize(
    { signal = new AbortController().signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<
    void
  > {
    if (this.isRunning) throw new Error("already initialized");
    const snapshot = await this.#source.read(signal);
    const rejected = this.#apply(snapshot, "initialize")?.rejected ?? [];
    if (rejected.length === 0) return;
    const lines = rejected.map((err) => `flag ${err.flag}: ${this.#shown(err)}`);
    throw new AggregateError(
      rejected,
      `Cannot set ${rejected.length} flags from ${this.#source.description}: ${lines.join("; ")}`,
    );
  }

  /**
   * Ends initialization, which settles static flags, and follows the source. Resolves once changes are noticed.
   *
   * @throws {Error} when it is followed already
   */
  async start(): Promise<void> {
    if (this.isRunning) throw new Error("already started");
    const controller = this.#running = new AbortController();
    this.#flags.freeze();
    this.#watch = this.#source.watch({
      signal: controller.signal,
      unref: this.#options.unref === true,
      onSnapshot: (snapshot) => void this.#apply(snapshot, "update"),
      onKept: (reason) => this.#log.warn("values kept", { reason }),
      onError: (err) => {
        this.#errors += 1;
        this.#log.error("flags not read", { err });
        this.dispatchEvent(new CustomEvent("error", { detail: err }));
      },
    });
    await this.#watch;
  }

  /** Asks the source for everything now, so that its values count again over those set by HTTP. */
  async refresh(): Promise<void> {
    if (this.isRunning) (await this.#watch)?.refresh?.();
  }

  /**
   * Stops following; the values stay. Resolves when nothing is under way. It may be started again.
   *
   * @throws {Error} when it is not followed
   */
  async stop(): Promise<void> {
    if (this.#running === undefined) throw new Error("not updating");
    this.#running.abort();
    this.#running = undefined;
    await (await this.#watch)?.ended;
  }

  /** Stops if need be. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isRunning) await this.stop();
  }

  #apply(snapshot: SourceSnapshot, phase: Phase): FlagUpdate | undefined {
    const inputs: Inputs = new Map();
    for (const [name, item] of snapshot.items) {
      const input = this.#inputOf(name, item, phase);
      if (input !== undefined) inputs.set(name, input);
    }
    const removed = this.#forget(snapshot, phase);
    if (inputs.size === 0 && removed.length === 0) return undefined;
    const { atomic = false, overridePolicy } = this.#options;
    const update = this.#flags.apply(inputs, {
      source: "config",
      atomic,
      keepOverrides: overridePolicy === "sticky",
      removed,
    });
    for (const name of removed) {
      if (this.#flags.entry(name)?.source !== "config") this.#owed.delete(name);
    }
    this.#errors += update.rejected.length;
    for (const err of update.rejected) {
      // At the start the caller hears of them all at once.
      if (phase === "update") {
        this.#log.error("flag refused", { flag: err.flag, reason: this.#shown(err) });
      }
      this.dispatchEvent(new CustomEvent("error", { detail: err }));
    }
    const changed = update.changes.map(({ name }) => name);
    if (changed.length > 0) this.#log.info("flags changed", { changed, seq: update.seq });
    this.dispatchEvent(new CustomEvent("update", { detail: update }));
    return update;
  }

  /** What to set for a name; `undefined` when nothing is to be set. */
  #inputOf(
    name: string,
    item: SourceItem,
    phase: Phase,
  ): ValueInput<unknown> | { readonly problem: string } | undefined {
    const value = this.#flags.get(name);
    if (value === undefined) return this.#meetUnknown(name, item);
    if ("isDirectory" in item) return { problem: "is a directory" };
    if (phase === "initialize" || value.isDynamic) return item;
    if (!("problem" in item)) this.#compareStatic(name, item);
    return undefined;
  }

  #meetUnknown(name: string, item: SourceItem): { readonly problem: string } | undefined {
    const { unknown = "warn" } = this.#options;
    const isDirectory = "isDirectory" in item;
    if (unknown === "error" && !isDirectory) return { problem: `flag "${name}" is not declared` };
    if (unknown === "ignore" || this.#unknown.has(name)) return undefined;
    this.#unknown.add(name);
    this.#log.warn(isDirectory ? "directory ignored" : "unknown flag ignored", { flag: name });
    this.dispatchEvent(new CustomEvent("unknown", { detail: name }));
    return undefined;
  }

  /** Notes whether a static flag would be another after a restart. */
  #compareStatic(
    name: string,
    item: { readonly bytes: Uint8Array } | { readonly raw: string },
  ): void {
    const value = this.#flags.get(name);
    if (value === undefined) return;
    let isSame = false;
    try {
      isSame = value.preview(item) === value.toString();
    } catch (err) {
      // A bad text differs from every value.
      if (!(err instanceof FlagError)) throw err;
    }
    if (isSame) {
      this.#restartNeeded.delete(name);
      return;
    }
    if (this.#restartNeeded.has(name)) return;
    this.#restartNeeded.add(name);
    this.#log.warn("static flag differs, restart needed", { flag: name });
  }

  /** A parser's text may quote the value. */
  #shown({ flag, message }: FlagError): string {
    return this.#flags.get(flag)?.isSecret === true ? "refused" : message;
  }

  /** Tells of names that are gone; returns those whose former values are to come back. */
  #forget({ items, isComplete, removed = [] }: SourceSnapshot, phase: Phase): string[] {
    const gone = isComplete ? [...this.#known].filter((name) => !items.has(name)) : removed;
    this.#known = new Set(isComplete ? items.keys() : [...this.#known, ...items.keys()]);
    for (const name of gone) {
      this.#known.delete(name);
      this.#owed.add(name);
      this.dispatchEvent(new CustomEvent("removed", { detail: name }));
    }
    for (const name of this.#owed) {
      const { value, source } = this.#flags.entry(name) ?? {};
      const isSettled = phase === "update" && value?.isDynamic === false;
      const isOurs = source === "config" || source === "http";
      if (!isOurs || isSettled || items.has(name)) this.#owed.delete(name);
    }
    return this.#options.onRemove === "default" ? [...this.#owed] : [];
  }
}

/** Makes an updater, reads for the first time and starts following. When that fails, nothing is left running. */
export async function setup(
  flags: FlagSet,
  source: FlagSource,
  options: UpdaterOptions = {},
): Promise<Updater> {
  const updater = new Updater(flags, source, options);
  try {
    await updater.initialize();
  } catch (err) {
    await source.release?.();
    throw err;
  }
  await updater.start();
  return updater;
}
