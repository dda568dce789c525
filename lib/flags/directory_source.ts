/**
 * A directory as a source of values, followed by file events and, for what events miss, by polling. Reading is in
 * `directory_reader.ts`; here is when to read.
 */

import { type Clock, systemClock, type Timer } from "#lib/run/clock.ts";
import type { DirectoryAccess } from "./directory_access.ts";
import { isHidden, readDirectory, readItem } from "./directory_reader.ts";
import { DirectoryWatch } from "./directory_watch.ts";
import type {
  FlagSource,
  SourceItem,
  SourceSnapshot,
  SourceWatch,
  SourceWatcher,
} from "./source.ts";

/** How a directory is followed; times in milliseconds. */
export interface DirectorySourceOptions {
  /** `denoDirectoryAccess` or `nodeDirectoryAccess`. */
  readonly access: DirectoryAccess;
  /** Where waiting happens; the system's clock by default. */
  readonly clock?: Clock;
  /** Between two reads that need no event, 60,000 by default; 0 for none. */
  readonly pollIntervalMs?: number;
  /** How long a plain file must be quiet before it is read, 50 by default. */
  readonly debounceMs?: number;
  /** Longest time from a plain file's first event to reading it, 1000 by default. */
  readonly maxDebounceMs?: number;
}

const DATA_LINK = "..data";
const REWATCH_MS = 1000;

/** Makes a source of the files below `path`, one a flag. */
export function directorySource(path: string, options: DirectorySourceOptions): FlagSource {
  const clean = path.length > 1 ? path.replace(/\/+$/, "") : path;
  const last: LastRead = { items: new Map(), version: "", isVolume: false };
  return {
    description: path,
    async read() {
      const snapshot = await readDirectory(options.access, clean);
      last.items = snapshot.items;
      last.version = snapshot.version;
      last.isVolume = snapshot.isVolume;
      return snapshot;
    },
    watch: (watcher) => new DirectoryFollower(clean, { ...options, watcher, last }).start(),
  };
}

/** What was reported last, so that only differences are reported again. */
interface LastRead {
  items: ReadonlyMap<string, SourceItem>;
  version: string;
  isVolume: boolean;
}

class DirectoryFollower {
  readonly #path: string;
  readonly #base: string;
  readonly #access: DirectoryAccess;
  readonly #clock: Clock;
  readonly #watcher: SourceWatcher;
  readonly #last: LastRead;
  readonly #unref: boolean;
  readonly #options: Required<
    Pick<DirectorySourceOptions, "pollIntervalMs" | "debounceMs" | "maxDebounceMs">
  >;

  readonly #directoryWatch: DirectoryWatch;
  readonly #parentWatch: DirectoryWatch;
  readonly #debounced = new Map<string, { timer: Timer; readonly firstMs: number }>();
  readonly #timers = new Set<Timer>();
  readonly #dueNames = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  #isFullDue = false;
  /** Whether the next full read is reported in any case. */
  #isForced = false;
  #isReading = false;

  constructor(
    path: string,
    options: DirectorySourceOptions & { readonly watcher: SourceWatcher; readonly last: LastRead },
  ) {
    const { access, clock = systemClock, watcher, last } = options;
    const slash = path.lastIndexOf("/");
    this.#path = path;
    this.#base = path.slice(slash + 1);
    this.#access = access;
    this.#clock = clock;
    this.#watcher = watcher;
    this.#last = last;
    const onLost = (err: unknown) => this.#onLost(err);
    const unref = this.#unref = watcher.unref === true;
    this.#directoryWatch = new DirectoryWatch(path, {
      ...{ access, unref },
      onName: (name) => this.#onName(name),
      onLost,
    });
    const parent = slash < 0 ? "." : path.slice(0, Math.max(slash, 1));
    this.#parentWatch = new DirectoryWatch(parent, {
      ...{ access, unref },
      onName: (name) => this.#onParentName(name),
      onLost,
    });
    this.#options = { pollIntervalMs: 60_000, debounceMs: 50, maxDebounceMs: 1000, ...options };
  }

  async start(): Promise<SourceWatch> {
    const { signal } = this.#watcher;
    if (signal.aborted) return { ended: Promise.resolve() };
    const ended = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => this.#stop().then(resolve), { once: true });
    });
    await this.#ensureWatches();
    this.#poll();
    // What changed between the first read and the watch.
    this.#readAll();
    const refresh = () => {
      this.#isForced = true;
      this.#catchUp();
    };
    return { ended, refresh };
  }

  async #stop(): Promise<void> {
    for (const { timer } of this.#debounced.values()) timer.cancel();
    for (const timer of this.#timers) timer.cancel();
    await Promise.all([this.#directoryWatch.close(), this.#parentWatch.close()]);
    await Promise.allSettled(this.#underWay);
  }

  /** Remembers work until it is done, for `stop` to wait for. */
  #track(work: Promise<void>): Promise<void> {
    this.#underWay.add(work);
    return work.finally(() => this.#underWay.delete(work));
  }

  async #ensureWatches(): Promise<void> {
    // The parent first: it tells when the directory comes into being.
    await this.#track(this.#parentWatch.ensure());
    await this.#track(this.#directoryWatch.ensure());
  }

  #onParentName(name: string | undefined): void {
    // The parent holds much that is none of our business.
    if (name !== this.#base) return;
    void this.#track(this.#directoryWatch.ensure());
    this.#readAll();
  }

  #onName(name: string | undefined): void {
    if (name === undefined || name === DATA_LINK) this.#readAll();
    else if (!isHidden(name)) this.#debounce(name);
  }

  #onLost(err: unknown): void {
    if (this.#watcher.signal.aborted) return;
    this.#watcher.onError(err);
    this.#after(REWATCH_MS, () => this.#catchUp());
  }

  /** What an event would have told, without one. */
  #catchUp(): void {
    void this.#ensureWatches();
    this.#readAll();
  }

  #poll(): void {
    const { pollIntervalMs } = this.#options;
    if (pollIntervalMs <= 0 || this.#watcher.signal.aborted) return;
    this.#after(pollIntervalMs, () => {
      this.#catchUp();
      this.#poll();
    });
  }

  #debounce(name: string): void {
    const nowMs = this.#clock.monotonic();
    const pending = this.#debounced.get(name);
    pending?.timer.cancel();
    const firstMs = pending?.firstMs ?? nowMs;
    const dueMs = Math.min(nowMs + this.#options.debounceMs, firstMs + this.#options.maxDebounceMs);
    const timer = this.#clock.timer(
      () => {
        this.#debounced.delete(name);
        this.#dueNames.add(name);
        void this.#track(this.#work());
      },
      dueMs - nowMs,
      { unref: this.#unref },
    );
    this.#debounced.set(name, { timer, firstMs });
  }

  #readAll(): void {
    this.#isFullDue = true;
    void this.#track(this.#work());
  }

  /** Reads what is due, one read at a time. */
  async #work(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      while (!this.#watcher.signal.aborted && (this.#isFullDue || this.#dueNames.size > 0)) {
        const names = [...this.#dueNames];
        this.#dueNames.clear();
        if (!this.#isFullDue) {
          await this.#report(() => this.#readNames(names));
          continue;
        }
        this.#isFullDue = false;
        await this.#report(() => this.#readWhole());
      }
    } finally {
      this.#isReading = false;
    }
  }

  async #report(read: () => Promise<SourceSnapshot | undefined>): Promise<void> {
    try {
      const snapshot = await read();
      if (snapshot === undefined || this.#watcher.signal.aborted) return;
      this.#watcher.onSnapshot(snapshot);
    } catch (err) {
      if (!this.#watcher.signal.aborted) this.#watcher.onError(err);
    }
  }

  /**
   * All values when the version is another. In the same version a file that differs may be half written, so it is
   * treated like one that had an event.
   */
  async #readWhole(): Promise<SourceSnapshot | undefined> {
    const isForced = this.#isForced;
    this.#isForced = false;
    const snapshot = await readDirectory(this.#access, this.#path, this.#last);
    this.#last.isVolume = snapshot.isVolume;
    if (isForced || snapshot.version !== this.#last.version) {
      this.#last.items = snapshot.items;
      this.#last.version = snapshot.version;
      return snapshot;
    }
    for (const name of new Set([...snapshot.items.keys(), ...this.#last.items.keys()])) {
      const isSame = isEqual(snapshot.items.get(name), this.#last.items.get(name));
      if (!isSame && !this.#debounced.has(name)) this.#debounce(name);
    }
    return undefined;
  }

  /** Single plain files, after events of their own. */
  async #readNames(names: readonly string[]): Promise<SourceSnapshot | undefined> {
    const items = new Map<string, SourceItem>();
    const removed: string[] = [];
    for (const name of names) {
      const link = await this.#access.readLink(`${this.#path}/${name}`).catch(() => undefined);
      const inVersion = `${this.#path}/${DATA_LINK}/${name}`;
      // Links of the kubelet trail behind the version, and the version wins over a plain file.
      if (link?.startsWith(`${DATA_LINK}/`) || await this.#access.stat(inVersion)) continue;
      const item = await readItem(this.#access, `${this.#path}/${name}`);
      if (item !== undefined) items.set(name, item);
      else if (this.#last.items.has(name)) removed.push(name);
    }
    if (items.size === 0 && removed.length === 0) return undefined;
    const all = new Map([...this.#last.items, ...items]);
    for (const name of removed) all.delete(name);
    this.#last.items = all;
    return { items, isComplete: false, removed };
  }

  #after(delayMs: number, action: () => void): void {
    const timer = this.#clock.timer(
      () => {
        this.#timers.delete(timer);
        action();
      },
      delayMs,
      { unref: this.#unref },
    );
    this.#timers.add(timer);
  }
}

function isEqual(a: SourceItem | undefined, b: SourceItem | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (!("bytes" in a) || !("bytes" in b)) return JSON.stringify(a) === JSON.stringify(b);
  return a.bytes.length === b.bytes.length && a.bytes.every((byte, at) => byte === b.bytes[at]);
}
