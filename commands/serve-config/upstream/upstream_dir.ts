/**
 * Files below a directory (serve-config.md 4.2). Links are resolved at each load, because a mounted
 * ConfigMap is a tree of links that the kubelet swaps.
 */

import { containedRealPath } from "#lib/fs/contained_path.ts";
import { watchDirectory } from "#lib/fs/watch_directory.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import { lastElement } from "../requests/key.ts";
import type { LoadOutcome, Upstream, UpstreamChange } from "./upstream.ts";

/** Where the files are and which are served. */
export interface DirUpstreamOptions {
  readonly directory: string;
  /** Use only the last element of a key. */
  readonly flatten: boolean;
  readonly maxObjectBytes: number;
  /** Whether clients are told when a file changed; false by default. */
  readonly tellsTime?: boolean;
}

/** How often a load is begun again because the volume was swapped between two of its steps. */
const MAX_SWAPS_PER_LOAD = 10;
/** Most keys remembered to be reached through a link; beyond, any change concerns every key. */
const MAX_LINKED_KEYS = 10_000;

const MISSING: LoadOutcome = { kind: "missing" };

/** Makes the backend of `dir:PATH`. */
export function createDirUpstream(
  { directory, flatten, maxObjectBytes, tellsTime = false }: DirUpstreamOptions,
  deps: {
    readonly clock: Clock;
    readonly log: Logger;
    /** How links are followed; tests put a swap between the steps. */
    readonly resolve?: typeof containedRealPath;
  },
): Upstream {
  const resolve = deps.resolve ?? containedRealPath;
  // Keys whose file lies elsewhere than their name says; a change is reported under the real name.
  const linkedKeys = new Set<string>();

  function relativePathOf(key: string): string {
    return flatten ? lastElement(key) : key.split("/").filter((part) => part !== "").join("/");
  }

  async function load(key: string, signal: AbortSignal): Promise<LoadOutcome> {
    const relativePath = relativePathOf(key);
    // Dot files and the kubelet's own "..data" are not content.
    if (relativePath.split("/").some((part) => part.startsWith("."))) return MISSING;
    const path = `${directory}/${relativePath}`;
    try {
      for (let tries = 0; tries < MAX_SWAPS_PER_LOAD; tries++) {
        const found = await resolve(directory, path);
        if (found === "outside") return MISSING;
        if (found === "absent") {
          // Links are followed one by one, so a swap in between leads into the folder just removed.
          if (await hasLink(directory, relativePath)) continue;
          return MISSING;
        }
        const isLinked = found.realPath !== `${found.realRoot}/${relativePath}`;
        if (isLinked && linkedKeys.size <= MAX_LINKED_KEYS) linkedKeys.add(key);
        const read = await readRegularFile(found.realPath, { maxObjectBytes, signal });
        if (read === "vanished") continue;
        const { outcome, changedAt } = read;
        if (!tellsTime || outcome.kind !== "found") return outcome;
        return { ...outcome, lastModifiedMs: changedAt?.getTime() };
      }
      return MISSING;
    } catch (error) {
      if (signal.aborted) throw error;
      return outcomeOf(error);
    }
  }

  return {
    kind: "dir",
    load,
    async watch(onChange, signal) {
      await tellAbsence(directory, deps.log);
      return await watchDirectory(directory, {
        signal,
        onChange(change) {
          onChange(
            change.kind === "swap" || linkedKeys.size > MAX_LINKED_KEYS
              ? EVERYTHING
              : affectedBy(new Set(change.paths)),
          );
          // Whoever is loaded again is remembered again.
          linkedKeys.clear();
        },
      }, deps);
    },
  };

  function affectedBy(paths: ReadonlySet<string>): UpstreamChange {
    // A folder that is moved away makes one event of its own.
    const below = (path: string) =>
      [...paths].some((changed) => path === changed || path.startsWith(`${changed}/`));
    const linked = new Set(linkedKeys);
    return { affects: (key) => linked.has(key) || below(relativePathOf(key)) };
  }
}

/** A directory that is not there is a mistake more often than not, and looks like files that are not. */
async function tellAbsence(directory: string, log: Logger): Promise<void> {
  const reason = await Deno.stat(directory).then(
    ({ isDirectory }) => isDirectory ? undefined : "it is no directory",
    (error: unknown) => error instanceof Error ? error.message : String(error),
  );
  if (reason === undefined) return;
  const path = directory.startsWith("/") ? directory : `${Deno.cwd()}/${directory}`;
  log.error("backend directory cannot be read, nothing is served until it is there", {
    path,
    reason,
  });
}

/** Whether a part of the path is a symbolic link, dangling or not. */
async function hasLink(directory: string, relativePath: string): Promise<boolean> {
  let path = directory;
  for (const part of relativePath.split("/")) {
    path = `${path}/${part}`;
    try {
      if ((await Deno.lstat(path)).isSymlink) return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }
  return false;
}

const EVERYTHING: UpstreamChange = { affects: () => true };

async function readRegularFile(
  realPath: string,
  { maxObjectBytes, signal }: { readonly maxObjectBytes: number; readonly signal: AbortSignal },
): Promise<{ outcome: LoadOutcome; changedAt?: Date | null } | "vanished"> {
  let file: Deno.FsFile;
  try {
    // A pipe or device would block at open, so the kind is asked first.
    if (!(await Deno.stat(realPath)).isFile) return { outcome: MISSING };
    file = await Deno.open(realPath);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "vanished";
    throw error;
  }
  using _ = file;
  const { size, mtime } = await file.stat();
  if (size > maxObjectBytes) return { outcome: { kind: "too-large" } };
  const bytes = await readUpTo(file, { limit: maxObjectBytes, sizeHint: size, signal });
  if (bytes === undefined) return { outcome: { kind: "too-large" } };
  return { outcome: { kind: "found", bytes }, changedAt: mtime };
}

/** All bytes of a file that may grow meanwhile; `undefined` when there are more than `limit`. */
async function readUpTo(
  file: Deno.FsFile,
  { limit, sizeHint, signal }: {
    readonly limit: number;
    readonly sizeHint: number;
    readonly signal: AbortSignal;
  },
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  let buffer = new Uint8Array(sizeHint + 1);
  let length = 0;
  while (true) {
    signal.throwIfAborted();
    const count = await file.read(buffer.subarray(length));
    if (count === null) return buffer.slice(0, length);
    length += count;
    if (length > limit) return undefined;
    if (length === buffer.length) {
      const larger = new Uint8Array(Math.min(buffer.length * 2, limit + 1));
      larger.set(buffer);
      buffer = larger;
    }
  }
}

function outcomeOf(error: unknown): LoadOutcome {
  if (error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.IsADirectory) {
    return MISSING;
  }
  const reason = error instanceof Error ? error.message : String(error);
  return { kind: "failed", status: 0, reason };
}
