/** Files and watching on Deno. */

import { absenceBy } from "./absence.ts";
import type { DirectoryAccess, DirectReads, ListedEntry, PathStat } from "./directory_access.ts";

/** A file in place of a directory is as good as nothing there; a link to itself, too. */
const { orUndefined, orUndefinedNow } = absenceBy((err) =>
  err instanceof Deno.errors.NotFound || err instanceof Deno.errors.NotADirectory ||
  err instanceof Deno.errors.FilesystemLoop
);

const direct: DirectReads = {
  list: (path) => orUndefinedNow(() => Array.from(Deno.readDirSync(path), toEntry)),
  realPath: (path) => orUndefinedNow(() => Deno.realPathSync(path)),
  readLink: (path) => orUndefinedNow(() => Deno.readLinkSync(path)),
  stat: (path) => orUndefinedNow(() => toStat(Deno.statSync(path))),
  readFile: (path) => orUndefinedNow(() => Deno.readFileSync(path)),
};

/** The file system of the process; needs read permission for the directories asked for and their parents. */
export const denoDirectoryAccess: DirectoryAccess = {
  direct,
  list: (path) => orUndefined(() => Array.fromAsync(Deno.readDir(path), toEntry)),
  realPath: (path) => orUndefined(() => Deno.realPath(path)),
  readLink: (path) => orUndefined(() => Deno.readLink(path)),
  stat: (path) => orUndefined(async () => toStat(await Deno.stat(path))),
  readFile: (path) => orUndefined(() => Deno.readFile(path)),
  watch(path, { onPaths, onEnd, signal, unref }) {
    const watcher = Deno.watchFs(path, { recursive: false });
    // Not among the runtime's declared types, though it is there.
    if (unref) (watcher as { unref?: () => void }).unref?.();
    const close = () => watcher.close();
    signal.addEventListener("abort", close, { once: true });
    const closed = (async () => {
      try {
        // Reading a file is an event of its own kind, and reading is how we answer.
        for await (const event of watcher) if (event.kind !== "access") onPaths(event.paths);
        if (!signal.aborted) onEnd(new Error(`Watch of "${path}" ended`));
      } catch (err) {
        if (!signal.aborted) onEnd(err);
      } finally {
        signal.removeEventListener("abort", close);
      }
    })();
    return Promise.resolve({ closed });
  },
};

function toEntry(entry: Deno.DirEntry): ListedEntry {
  return { name: entry.name, kind: kindOf(entry) };
}

function toStat(stat: Deno.FileInfo): PathStat {
  // The birth belongs to it: numbers of removed directories are given out again.
  const id = [stat.dev, stat.ino, stat.birthtime?.getTime()].join(":");
  return { kind: kindOf(stat), size: stat.size, id };
}

function kindOf(
  entry: { readonly isFile: boolean; readonly isDirectory: boolean; readonly isSymlink: boolean },
): ListedEntry["kind"] {
  if (entry.isSymlink) return "symlink";
  if (entry.isDirectory) return "directory";
  return entry.isFile ? "file" : "other";
}
