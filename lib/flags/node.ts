/** Files and watching on Node and Bun. */

import {
  type Dirent,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
  watch,
} from "node:fs";
import { readdir, readFile, readlink, realpath, stat } from "node:fs/promises";
import { absenceBy } from "./absence.ts";
import type { DirectoryAccess, DirectReads, ListedEntry, PathStat } from "./directory_access.ts";

/** A file in place of a directory is as good as nothing there; a link to itself, too. */
const { orUndefined, orUndefinedNow } = absenceBy((err) =>
  err instanceof Error && "code" in err &&
  (err.code === "ENOENT" || err.code === "ENOTDIR" || err.code === "ELOOP")
);

const direct: DirectReads = {
  list: (path) => orUndefinedNow(() => readdirSync(path, { withFileTypes: true }).map(toEntry)),
  realPath: (path) => orUndefinedNow(() => realpathSync(path)),
  readLink: (path) => orUndefinedNow(() => readlinkSync(path)),
  stat: (path) => orUndefinedNow(() => toStat(statSync(path))),
  readFile: (path) => orUndefinedNow(() => new Uint8Array(readFileSync(path))),
};

/** The file system of the process. */
export const nodeDirectoryAccess: DirectoryAccess = {
  direct,
  list: (path) =>
    orUndefined(async () => (await readdir(path, { withFileTypes: true })).map(toEntry)),
  realPath: (path) => orUndefined(() => realpath(path)),
  readLink: (path) => orUndefined(() => readlink(path)),
  stat: (path) => orUndefined(async () => toStat(await stat(path))),
  readFile: (path) => orUndefined(async () => new Uint8Array(await readFile(path))),
  watch(path, { onPaths, onEnd, signal, unref }) {
    return new Promise((resolve) => {
      const watcher = watch(path, { persistent: unref !== true }, (_, name) => {
        onPaths([name === null ? path : `${path}/${name}`]);
      });
      const close = () => watcher.close();
      signal.addEventListener("abort", close, { once: true });
      watcher.on("error", (err) => {
        signal.removeEventListener("abort", close);
        watcher.close();
        onEnd(err);
      });
      const closed = new Promise<void>((onClosed) => watcher.on("close", () => onClosed()));
      resolve({ closed });
    });
  },
};

function toEntry(entry: Dirent): ListedEntry {
  return { name: entry.name, kind: kindOf(entry) };
}

function toStat(found: Stats): PathStat {
  // The birth belongs to it: numbers of removed directories are given out again.
  const id = [found.dev, found.ino, found.birthtimeMs].join(":");
  return { kind: kindOf(found), size: found.size, id };
}

function kindOf(entry: Dirent | Stats): ListedEntry["kind"] {
  if (entry.isSymbolicLink()) return "symlink";
  if (entry.isDirectory()) return "directory";
  return entry.isFile() ? "file" : "other";
}
