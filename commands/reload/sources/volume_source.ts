/** A volume that is mounted already, followed by file events (reload.md 5). */

import { denoDirectoryAccess } from "#lib/flags/deno.ts";
import type { DirectoryAccess } from "#lib/flags/directory_access.ts";
import { DirectoryWatch } from "#lib/flags/directory_watch.ts";
import type { Logger } from "#lib/log/logger.ts";
import { type Clock, sleep, type Timer } from "#lib/run/clock.ts";
import { samePayload } from "../payload/payload.ts";
import { createSeldom } from "../seldom.ts";
import { type ChangeKind, type Source, type SourceEvents, StartFailure } from "./source.ts";
import { readVolume, versionOf, type VolumeSnapshot } from "./volume_snapshot.ts";

/** What a volume needs. */
export interface VolumeDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** By default what there is; tests have watches that fail. */
  readonly access?: DirectoryAccess;
}

const SETTLE_MS = 50;
const REWATCH_MS = 1000;

/** Which part of a directory counts, and whether its files are used where they are. */
export interface VolumeOptions {
  /** Its one file that counts. */
  readonly only?: string | undefined;
  /** Folder for its files, by default none. */
  readonly folder?: string;
  readonly inPlace?: boolean;
}

/** Makes the source of a directory. */
export function createVolumeSource(
  path: string,
  { only, folder = "", inPlace = false }: VolumeOptions,
  { clock, log, access = denoDirectoryAccess }: VolumeDeps,
): Source {
  let last: VolumeSnapshot = { entries: new Map(), isVolume: false, unreadable: new Map() };
  let lastContact: number | undefined;
  let error: string | undefined;
  const told = new Set<string>();
  const isNews = createSeldom(clock);
  let version: string | undefined;

  async function read(): Promise<boolean> {
    // Before the reading: what is swapped in meanwhile is another one.
    version = versionOf(path);
    const snapshot = await readVolume(path, {
      before: last.entries,
      settle: () => sleep(SETTLE_MS, { clock }),
    });
    for (const [name, reason] of snapshot.unreadable) {
      if (told.has(name) || only !== undefined && name !== only) continue;
      told.add(name);
      const then = snapshot.entries.has(name) ? "what was read before counts" : "left out";
      log.warn("file cannot be read", { path: `${path}/${name}`, reason, then });
    }
    if (only !== undefined && !snapshot.entries.has(only)) {
      throw new Error(`Cannot read "${path}/${only}": no such file`);
    }
    const entries = only === undefined
      ? snapshot.entries
      : new Map([...snapshot.entries].filter(([name]) => name === only));
    const isChanged = !samePayload(entries, last.entries);
    last = { ...snapshot, entries };
    lastContact = clock.now();
    error = undefined;
    return isChanged;
  }

  async function follow({ onChange, onFailure }: SourceEvents, signal: AbortSignal): Promise<void> {
    let due = Promise.withResolvers<void>();
    let kind: ChangeKind = "grouped";
    const wake = (as: ChangeKind) => {
      if (as === "lone") kind = "lone";
      due.resolve();
    };
    const slash = path.lastIndexOf("/");
    const base = path.slice(slash + 1);
    /** What happens until there is a watch makes no event. */
    const catchUp = async () => {
      await Promise.all([inside.ensure(), outside.ensure()]);
      wake("lone");
    };
    let again: Timer | undefined;
    const rewatch = (err: unknown) => {
      onFailure();
      if (isNews("watch ended")) {
        log.warn("watch of a directory ended, it is begun again", { path, err });
      }
      if (signal.aborted) return;
      again?.cancel();
      again = clock.timer(() => void catchUp(), REWATCH_MS, { unref: true });
    };
    const inside: DirectoryWatch = new DirectoryWatch(path, {
      access,
      onName: (name) => {
        // The runtime names the directory itself when it has lost events.
        if (name === undefined) wake("grouped");
        else if (name === "..data") wake("lone");
        // Beside ..data nothing else belongs to the version.
        else if (!last.isVolume && !name.startsWith(".")) wake("grouped");
      },
      onLost: rewatch,
    });
    const outside: DirectoryWatch = new DirectoryWatch(path.slice(0, Math.max(slash, 1)), {
      access,
      onName: (name) => {
        if (name !== undefined && name !== base) return;
        wake("lone");
        void catchUp();
      },
      onLost: rewatch,
    });
    const stop = () => due.resolve();
    signal.addEventListener("abort", stop, { once: true });
    await catchUp();
    while (true) {
      await due.promise;
      if (signal.aborted) break;
      due = Promise.withResolvers();
      const as = kind;
      kind = "grouped";
      // A swap makes several events.
      if (version !== undefined && versionOf(path) === version) continue;
      try {
        if (await read()) onChange(last.isVolume ? "lone" : as);
      } catch (err) {
        version = undefined;
        onFailure();
        error = err instanceof Error ? err.message : String(err);
        if (isNews(error)) {
          log.warn("directory cannot be read, the last content counts", { path, err });
        }
      }
    }
    await Promise.all([inside.close(), outside.close()]);
    again?.cancel();
  }

  return {
    async load() {
      try {
        await read();
      } catch (err) {
        throw new StartFailure(err instanceof Error ? err.message : String(err), [
          "mount the volume there, or name another folder with --volume-dir",
        ], { cause: err });
      }
    },
    follow,
    parts: () => [{ source: `volume ${path}`, folder, entries: last.entries, inPlace }],
    status: () => [{
      kind: "volume",
      namespace: "",
      name: path,
      mode: "volume",
      uid: "",
      resourceVersion: "",
      present: error === undefined,
      lastContact,
      error,
    }],
    async refresh() {
      try {
        await read();
      } catch (err) {
        version = undefined;
        error = err instanceof Error ? err.message : String(err);
        throw err;
      }
    },
    close: () => Promise.resolve(),
  };
}
