/** Files and watching on Node and Bun. */

import { watch } from "node:fs";
import { readdir, readFile, readlink, realpath, stat } from "node:fs/promises";
import type { DirectoryAccess, ListedEntry } from "./directory_access.ts";

/** The file system of the process. */
export const nodeDirectoryAccess: DirectoryAccess = {
  list: (path) =>
    orUndefined(async () => {
      const entries = await readdir(path, { withFileTypes: true });
      return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
    }),
  realPath: (path) => orUndefined(() => realpath(path)),
  readLink: (path) => orUndefined(() => readlink(path)),
  stat: (path) =>
    orUndefined(async () => {
      const found = await stat(path);
      // The birth belongs to it: numbers of removed directories are given out again.
      const id = [found.dev, found.ino, found.birthtimeMs].join(":");
      return { kind: kindOf(found), size: found.size, id };
    }),
  readFile: (path) => orUndefined(async () => new Uint8Array(await readFile(path))),
  watch(path, { onPaths, onEnd, signal }) {
    return new Promise((resolve) => {
      const watcher = watch(path, { persistent: true }, (_, name) => {
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

interface FileKind {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

function kindOf(entry: FileKind): ListedEntry["kind"] {
  if (entry.isSymbolicLink()) return "symlink";
  if (entry.isDirectory()) return "directory";
  return entry.isFile() ? "file" : "other";
}

async function orUndefined<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (err) {
    // A file in place of a directory is as good as nothing there; a link to itself, too.
    const code = err instanceof Error && "code" in err ? err.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return undefined;
    throw err;
  }
}
