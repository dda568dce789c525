/** A source that is watched on its way to the updater: counted for metrics, and asked for names to declare. */

import type { FlagSet } from "#lib/flags/flag_set.ts";
import type { FlagSource, SourceSnapshot } from "#lib/flags/source.ts";

/** Told of what comes from a source. */
export interface SourceObserver {
  /** A snapshot is about to be applied. */
  onSnapshot(snapshot: SourceSnapshot): void;
  /** The source cannot be read or watched. */
  onError(err: unknown): void;
}

/** `source`, whose snapshots and errors `observer` sees first. */
export function observeSource(source: FlagSource, observer: SourceObserver): FlagSource {
  return {
    description: source.description,
    async read(signal) {
      const snapshot = await source.read(signal);
      observer.onSnapshot(snapshot);
      return snapshot;
    },
    watch: (watcher) =>
      source.watch({
        ...watcher,
        onSnapshot(snapshot) {
          observer.onSnapshot(snapshot);
          watcher.onSnapshot(snapshot);
        },
        onError(err) {
          observer.onError(err);
          watcher.onError(err);
        },
      }),
  };
}

/** Most flags that names of a source become. */
export const MAX_INFERRED = 10_000;

/** Declares a flag of type string for each new name, as `--infer` asks for (flags-watch.md 5.2). */
export function inferFlags(flags: FlagSet, { items }: SourceSnapshot): void {
  for (const [name, item] of items) {
    if ("isDirectory" in item || flags.has(name)) continue;
    if (flags.entries().length >= MAX_INFERRED) return;
    flags.string(name, "");
  }
}
