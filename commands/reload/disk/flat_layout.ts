/**
 * Regular files at their final paths, for applications that refuse links (reload.md 6.5). Each file is replaced by a
 * rename; new and changed ones first, unchanged ones not at all, removals last. Only files of ours are removed: those
 * that the state file lists, and it lists a file before the file appears.
 */

import { type Payload, sameBytes } from "../payload/payload.ts";
import {
  type FileOptions,
  isNoFile,
  makeParents,
  readIfPresent,
  removeAll,
  removeFile,
  syncFolder,
  writeNewFile,
} from "./files.ts";
import type { Layout, PreparedVersion } from "./layout.ts";
import { foldersOf, OwnFiles } from "./own_files.ts";
import { isStateLeftOver, type SavedState } from "./state_file.ts";

const TEMPORARY = "..kcfg-tmp-";

/** What the layout needs. */
export interface FlatLayoutDeps {
  readonly files: FileOptions;
  /** Writes the state file with what {@linkcode Layout.files} says. @throws {Error} when it cannot */
  readonly claim: () => Promise<void>;
}

/** Makes the layout of `root`. */
export function createFlatLayout(root: string, { files: options, claim }: FlatLayoutDeps): Layout {
  const own = new OwnFiles(root);
  let visible: Payload = new Map();
  let visibleHash = "";
  const earlier: { readonly hash: string; readonly payload: Payload }[] = [];

  async function open(state: SavedState | undefined): Promise<Payload | undefined> {
    own.add(state?.files ?? []);
    for (const folder of foldersOf(own.paths)) await removeLeftOvers(`${root}/${folder}`);
    if (state === undefined || state.layout !== "flat") return undefined;
    const found = new Map<string, Uint8Array>();
    for (const path of state.files) {
      const bytes = await readIfPresent(`${root}/${path}`);
      if (bytes !== undefined) found.set(path, bytes);
    }
    visible = found;
    visibleHash = state.hash;
    return found;
  }

  /** What fails half-way leaves files that are listed, so the next write puts it right. */
  async function write(payload: Payload): Promise<void> {
    if (own.add(payload.keys())) await claim();
    await removeInTheWay(payload);
    const changed = new Set<string>();
    for (const [path, bytes] of payload) {
      const present = await readIfPresent(`${root}/${path}`);
      if (present !== undefined && sameBytes(present, bytes)) continue;
      await makeParents(root, path, options);
      const folder = `${root}/${path}`.slice(0, `${root}/${path}`.lastIndexOf("/"));
      const temporary = `${folder}/${TEMPORARY}${crypto.randomUUID()}`;
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
    await removeFile(`${root}/${path}`);
    await removeEmptyParents(root, path);
    own.delete(path);
  }

  /** Nothing lies beside the visible files, so what is validated is a copy of its own. */
  async function makeCopy(payload: Payload): Promise<string> {
    const folder = `${root}/${TEMPORARY}${crypto.randomUUID()}`;
    try {
      await Deno.mkdir(folder);
      for (const [path, bytes] of payload) {
        await makeParents(folder, path, options);
        await writeNewFile(`${folder}/${path}`, bytes, { ...options, fsync: false });
      }
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
          await write(payload);
        } finally {
          await removeCopy();
        }
        earlier.push({ hash: visibleHash, payload: visible });
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
    // What is not visible is in memory alone.
    earlier: () => [],
    // deno-lint-ignore require-await -- the other layout waits
    async removeOld(keep, hash) {
      const old = earlier.slice(0, Math.max(0, earlier.length - keep));
      const kept = earlier.filter((one) => !old.includes(one) || one.hash === hash);
      earlier.splice(0, earlier.length, ...kept);
      return false;
    },
    async backTo(hash) {
      const before = earlier.findLast((one) => one.hash === hash);
      if (before === undefined) return undefined;
      await write(before.payload);
      earlier.splice(earlier.indexOf(before), 1);
      visible = before.payload;
      visibleHash = hash;
      return before.payload;
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

async function removeEmptyParents(root: string, path: string): Promise<void> {
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
    try {
      await Deno.remove(`${root}/${path.slice(0, at)}`);
    } catch {
      // Something else is in it, so it stays.
      return;
    }
  }
}
