/**
 * Regular files at their final paths, for applications that refuse links (reload.md 6.5). Each file is replaced by a
 * rename; new and changed ones first, unchanged ones not at all, removals last. Only files written by kcfg are removed.
 */

import type { Payload } from "../payload/payload.ts";
import { RefusedVersion, sameBytes } from "../payload/payload.ts";
import {
  type FileOptions,
  makeParents,
  readIfPresent,
  removeAll,
  syncFolder,
  writeNewFile,
} from "./files.ts";
import type { Layout, PreparedVersion } from "./layout.ts";
import { isStateLeftOver, type SavedState } from "./state_file.ts";

const TEMPORARY = "..kcfg-tmp-";

/** Makes the layout of `root`. */
export function createFlatLayout(root: string, options: FileOptions): Layout {
  let visible: Payload = new Map();
  let visibleHash = "";
  const earlier: { readonly hash: string; readonly payload: Payload }[] = [];

  async function open(state: SavedState | undefined): Promise<Payload | undefined> {
    await removeLeftOvers(root);
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

  async function write(payload: Payload): Promise<void> {
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
      await syncFolder(folder, options);
    }
    for (const path of visible.keys()) {
      if (payload.has(path)) continue;
      await removeAll(`${root}/${path}`);
      await removeEmptyParents(root, path);
    }
  }

  async function prepare(payload: Payload, hash: string): Promise<PreparedVersion> {
    for (const path of payload.keys()) {
      const found = await Deno.lstat(`${root}/${path}`).catch(() => undefined);
      if (found?.isDirectory === true) {
        throw new RefusedVersion(`"${root}/${path}" is a folder, it stands in the way`);
      }
    }
    // Nothing lies beside the visible files, so what is validated is a copy of its own.
    const folder = `${root}/${TEMPORARY}${crypto.randomUUID()}`;
    await Deno.mkdir(folder);
    for (const [path, bytes] of payload) {
      await makeParents(folder, path, options);
      await writeNewFile(`${folder}/${path}`, bytes, { ...options, fsync: false });
    }
    return {
      folder,
      discard: () => removeAll(folder),
      async switch() {
        await write(payload);
        await removeAll(folder);
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
    async matches(payload) {
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
      const at = earlier.findLastIndex((one) => one.hash === hash);
      const [before] = at < 0 ? [] : earlier.splice(at, 1);
      if (before === undefined) return undefined;
      await write(before.payload);
      visible = before.payload;
      visibleHash = hash;
      return before.payload;
    },
  };
}

async function removeLeftOvers(folder: string): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.name.startsWith(TEMPORARY) || isStateLeftOver(entry.name)) await removeAll(path);
    else if (entry.isDirectory && !entry.name.startsWith(".")) await removeLeftOvers(path);
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
