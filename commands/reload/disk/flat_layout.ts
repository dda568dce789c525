/**
 * Regular files at their final paths, for applications that refuse links (reload.md 6.5). Each file is replaced by a
 * rename; new and changed ones first, unchanged ones not at all, removals last. Only files of ours are removed: those
 * that the state file lists, and it lists a file before the file appears. Versions to go back to are copied beside the
 * files, under names that begin with two dots.
 */

import { type Payload, sameBytes } from "../payload/payload.ts";
import { linksToFiles, readFiles } from "./change_layout.ts";
import { EarlierVersions } from "./earlier_versions.ts";
import {
  type FileOptions,
  isNoFile,
  leadsByLink,
  makeParents,
  readIfPresent,
  removeAll,
  removeEmptyParents,
  removeFile,
  syncFolder,
  writeNewFile,
} from "./files.ts";
import type { Layout, PreparedVersion } from "./layout.ts";
import { foldersOf, OwnFiles } from "./own_files.ts";
import { isStateLeftOver, type SavedState } from "./state_file.ts";
import { writeVersion } from "./version_folder.ts";

const TEMPORARY = "..kcfg-tmp-";

/** What the layout needs. */
export interface FlatLayoutDeps {
  readonly files: FileOptions;
  /** Whether versions are kept to go back to. */
  readonly keepsEarlier: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Writes the state file with what {@linkcode Layout.files} says. @throws {Error} when it cannot */
  readonly claim: () => Promise<void>;
}

/** Makes the layout of `root`. */
export function createFlatLayout(
  root: string,
  { files: options, keepsEarlier, now, claim }: FlatLayoutDeps,
): Layout {
  const own = new OwnFiles(root);
  let visible: Payload = new Map();
  let visibleHash = "";
  const earlier = new EarlierVersions(root, options, now);
  const temporaryIn = (folder: string) => `${folder}/${TEMPORARY}${crypto.randomUUID()}`;

  async function open(state: SavedState | undefined): Promise<Payload | undefined> {
    own.add(state?.files ?? []);
    if (state?.layout === "symlink") await linksToFiles(root, options, () => temporaryIn(root));
    for (const folder of foldersOf(own.paths)) await removeLeftOvers(`${root}/${folder}`);
    await earlier.open(state?.layout === "flat" && keepsEarlier ? state.earlier : []);
    if (state === undefined) return undefined;
    visible = await readFiles(root, state.files);
    visibleHash = state.hash;
    return visible;
  }

  /** What fails half-way leaves files that are listed, so the next write puts it right. */
  async function write(payload: Payload): Promise<void> {
    if (own.add(payload.keys())) await claim();
    await removeInTheWay(payload);
    const changed = new Set<string>();
    for (const [path, bytes] of payload) {
      const present = await readIfPresent(`${root}/${path}`);
      if (present !== undefined && sameBytes(present, bytes)) continue;
      makeParents(root, path, options);
      const folder = `${root}/${path}`.slice(0, `${root}/${path}`.lastIndexOf("/"));
      const temporary = temporaryIn(folder);
      try {
        await writeNewFile(temporary, bytes, options);
        await Deno.rename(temporary, `${root}/${path}`);
      } catch (error) {
        await removeAll(temporary);
        throw error;
      }
      changed.add(folder);
    }
    for (const folder of changed) await syncFolder(folder, options);
    for (const path of own.paths) if (!payload.has(path)) await remove(path);
  }

  /** A file of ours where a folder is wanted, and the other way round: the one exception to "removals last". */
  async function removeInTheWay(payload: Payload): Promise<void> {
    const folders = foldersOf(payload.keys());
    for (const path of own.paths) {
      if (payload.has(path)) continue;
      const isInTheWay = folders.has(path) ||
        [...foldersOf([path])].some((folder) => payload.has(folder));
      if (isInTheWay) await remove(path);
    }
  }

  async function remove(path: string): Promise<void> {
    // Behind a link that somebody has put in the place of a folder nothing is ours.
    if (!await leadsByLink(root, path)) {
      await removeFile(`${root}/${path}`);
      await removeEmptyParents(root, path);
    }
    own.delete(path);
  }

  /** Nothing lies beside the visible files, so what is validated is a copy of its own. */
  async function makeCopy(payload: Payload): Promise<string> {
    const folder = temporaryIn(root);
    try {
      await Deno.mkdir(folder);
      await writeVersion(folder, payload, { ...options, fsync: false });
    } catch (error) {
      await removeAll(folder);
      throw error;
    }
    return folder;
  }

  async function prepare(
    payload: Payload,
    { hash, isValidated }: { readonly hash: string; readonly isValidated: boolean },
  ): Promise<PreparedVersion> {
    await own.refuseForeign([...payload.keys()]);
    const copy = isValidated ? await makeCopy(payload) : undefined;
    const removeCopy = () => copy === undefined ? Promise.resolve() : removeAll(copy);
    return {
      folder: copy ?? root,
      discard: removeCopy,
      async switch() {
        try {
          if (keepsEarlier && visibleHash !== "" && await earlier.keep(visibleHash, visible)) {
            // The state names it from now on, or the next start would remove it.
            await claim();
          }
          await write(payload);
        } finally {
          await removeCopy();
        }
        visible = payload;
        visibleHash = hash;
      },
    };
  }

  return {
    name: "flat",
    open,
    prepare,
    files: () => own.paths,
    async matches(payload) {
      if (own.paths.some((path) => !payload.has(path))) return false;
      for (const [path, bytes] of payload) {
        const present = await readIfPresent(`${root}/${path}`);
        if (present === undefined || !sameBytes(present, bytes)) return false;
      }
      return true;
    },
    current: () => "",
    earlier: () => earlier.all,
    async removeOld(keep, needed) {
      await earlier.removeOld(keep, needed);
      return false;
    },
    async backTo(hash) {
      const before = await earlier.read(hash);
      if (before === undefined) return undefined;
      await write(before);
      await earlier.remove(hash);
      visible = before;
      visibleHash = hash;
      return before;
    },
  };
}

/** Looks at one folder, not below it: what is foreign there need not be readable. */
async function removeLeftOvers(folder: string): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(folder)) {
      const isLeftOver = name.startsWith(TEMPORARY) || isStateLeftOver(name);
      if (isLeftOver) await removeAll(`${folder}/${name}`);
    }
  } catch (error) {
    if (!isNoFile(error)) throw error;
  }
}
