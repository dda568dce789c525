/** What an updater needs of a source of values: a directory, a ConfigMap behind the API, a map in a test. */

/** What a source knows about one name. */
export type SourceItem =
  | { readonly bytes: Uint8Array }
  | { readonly raw: string }
  /** The name is there but cannot be read; the text is shown as the flag's error. */
  | { readonly problem: string }
  /** A sub-directory: no value, and no error unless a flag has that name. */
  | { readonly isDirectory: true };

/** Values read at one moment. */
export interface SourceSnapshot {
  /** What was read, by name. */
  readonly items: ReadonlyMap<string, SourceItem>;
  /** Whether names that are missing in `items` are gone; otherwise only `removed` are. */
  readonly isComplete: boolean;
  /** Names that are gone, when the snapshot is not complete. */
  readonly removed?: readonly string[];
}

/** What a watching source calls. */
export interface SourceWatcher {
  /** New values; called for one snapshot at a time, in order. */
  onSnapshot(snapshot: SourceSnapshot): void;
  /** The source cannot be read or watched now; it goes on trying. */
  onError(err: unknown): void;
  /** The values stay in force though the source has them no more; for people. */
  onKept?(reason: string): void;
  /** Ends the watching. */
  readonly signal: AbortSignal;
  /** Whether the process may end meanwhile; false by default. */
  readonly unref?: boolean;
}

/** A source of values. */
export interface FlagSource {
  /** Where the values come from, for people: a path, `configmap team/app`. */
  readonly description: string;
  /**
   * Reads everything once.
   *
   * @throws when the source is not there
   */
  read(signal: AbortSignal): Promise<SourceSnapshot>;
  /** Lets go of what `read` keeps for a watch that will not come. Sources that keep nothing have none. */
  release?(): Promise<void>;
  /** Resolves once changes are noticed; they are reported until `signal` is aborted. */
  watch(watcher: SourceWatcher): Promise<SourceWatch>;
}

/** A watch under way. */
export interface SourceWatch {
  /** Resolves after the abort, once nothing is under way any more. */
  readonly ended: Promise<void>;
  /** Reads everything now and reports it even when nothing is new. Sources without it are always up to date. */
  refresh?(): void;
}

/** A source in memory, for tests and for programs that get values by other means. */
export class MemorySource implements FlagSource {
  readonly description = "memory";
  #items: Map<string, string>;
  readonly #watchers = new Set<SourceWatcher>();

  /** A source that holds `values` at first. */
  constructor(values: Readonly<Record<string, string>> = {}) {
    this.#items = new Map(Object.entries(values));
  }

  /** Replaces all values at once and tells whoever watches. */
  replace(values: Readonly<Record<string, string>>): void {
    this.#items = new Map(Object.entries(values));
    for (const watcher of this.#watchers) watcher.onSnapshot(this.#snapshot());
  }

  read(): Promise<SourceSnapshot> {
    return Promise.resolve(this.#snapshot());
  }

  watch(watcher: SourceWatcher): Promise<SourceWatch> {
    const ended = Promise.resolve();
    if (watcher.signal.aborted) return Promise.resolve({ ended });
    this.#watchers.add(watcher);
    watcher.signal.addEventListener("abort", () => this.#watchers.delete(watcher), { once: true });
    const refresh = () => watcher.onSnapshot(this.#snapshot());
    return Promise.resolve({ ended, refresh });
  }

  #snapshot(): SourceSnapshot {
    const items = new Map([...this.#items].map(([name, raw]) => [name, { raw }]));
    return { items, isComplete: true };
  }
}
