/**
 * From one layout to the other, when the options of a restart say so: the files of the run before become those of this
 * one, names and contents as they were.
 */

import type { Payload } from "../payload/payload.ts";
import {
  type FileOptions,
  linkTarget,
  listFolder,
  readIfPresent,
  removeAll,
  removeEmptyParents,
  removeFile,
  syncFolder,
  writeNewFile,
} from "./files.ts";
import { readTree } from "./read_tree.ts";
import { VERSION_NAME, writeVersion } from "./version_folder.ts";

const DATA = "..data";

/**
 * Puts files in the place of the links that the symlink layout has made, then removes that layout's versions. A file
 * is replaced by a rename; a link to a folder cannot be, so its files are away for a moment.
 *
 * @param makeTemporary gives a path below `root` that nobody uses, and that a start removes
 */
export async function linksToFiles(
  root: string,
  options: FileOptions,
  makeTemporary: () => string,
): Promise<void> {
  const entries = listFolder(root);
  for (const { name, isSymlink } of entries.values()) {
    const path = `${root}/${name}`;
    if (!isSymlink || linkTarget(path) !== `${DATA}/${name}`) continue;
    const temporary = makeTemporary();
    const bytes = await readIfPresent(path);
    if (bytes !== undefined) {
      await writeNewFile(temporary, bytes, options);
    } else {
      const files = await readTree(path);
      if (files !== undefined) {
        await Deno.mkdir(temporary);
        await writeVersion(temporary, files, options);
      }
      await removeFile(path);
      if (files === undefined) continue;
    }
    await Deno.rename(temporary, path);
  }
  await syncFolder(root, options);
  await removeAll(`${root}/${DATA}`);
  for (const name of entries.keys()) {
    if (VERSION_NAME.test(name)) await removeAll(`${root}/${name}`);
  }
}

/** Reads the files of the flat layout that are still there. */
export async function readFiles(root: string, paths: readonly string[]): Promise<Payload> {
  const found = new Map<string, Uint8Array>();
  for (const path of paths) {
    const bytes = await readIfPresent(`${root}/${path}`);
    if (bytes !== undefined) found.set(path, bytes);
  }
  return found;
}

/** Removes files of the flat layout that lie in folders, so that links can take the folders' names. */
export async function clearFolders(root: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if (!path.includes("/")) continue;
    await removeFile(`${root}/${path}`);
    await removeEmptyParents(root, path);
  }
}
