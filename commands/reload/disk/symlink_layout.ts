/**
 * The shape of a kubelet volume (reload.md 6.2, 6.3): a folder a version, `..data` points to the visible one, every
 * visible name is a link through it. The rename of `..data` is the switch.
 */

import type { Logger } from "#lib/log/logger.ts";
import { hashOf, type Payload, RefusedVersion, samePayload } from "../payload/payload.ts";
import { clearFolders, readFiles } from "./change_layout.ts";
import {
  type FileOptions,
  linkTarget,
  listFolder,
  removeAll,
  replaceByLink,
  syncFolder,
} from "./files.ts";
import type { Layout, PreparedVersion } from "./layout.ts";
import { readTree } from "./read_tree.ts";
import { isStateLeftOver, type SavedState } from "./state_file.ts";
import { makeVersionFolder, VERSION_NAME, writeVersion } from "./version_folder.ts";

const DATA = "..data";
const NEW_DATA = "..data_tmp";
const TEMPORARY = "..kcfg-tmp-";

interface Version {
  /** Of its folder. */
  readonly name: string;
  readonly hash: string;
  /** When another one became visible, milliseconds since the epoch. */
  replacedMs: number;
}

/** What the layout needs. */
export interface SymlinkLayoutDeps {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

/** Makes the layout of `root`. */
export function createSymlinkLayout(
  root: string,
  options: FileOptions,
  { now, log }: SymlinkLayoutDeps,
): Layout {
  /** Version folders, the oldest first; the visible one is the last. */
  let versions: Version[] = [];
  /** Paths of the visible version. */
  let visible: readonly string[] = [];
  /** Visible names whose links were found right or made. */
  let linked = new Set<string>();

  async function open(saved: SavedState | undefined): Promise<Payload | undefined> {
    if (saved?.layout === "flat") return await takeOverFiles(saved.files);
    const target = linkTarget(`${root}/${DATA}`);
    const known = [...saved?.earlier ?? [], ...(saved === undefined ? [] : [saved])]
      .map(({ dir, hash }) => ({ name: dir, hash, replacedMs: -Infinity }))
      .filter(({ name }) => VERSION_NAME.test(name) && name !== target);
    const present = listFolder(root);
    for (const name of present.keys()) {
      const isLeftOver = name === NEW_DATA || name.startsWith(TEMPORARY) ||
        isStateLeftOver(name) ||
        VERSION_NAME.test(name) && name !== target && !known.some((one) => one.name === name);
      if (isLeftOver) await removeAll(`${root}/${name}`);
    }
    if (target === undefined || !VERSION_NAME.test(target)) return undefined;
    const payload = await readTree(`${root}/${target}`);
    const hash = payload === undefined ? "" : await hashOf(payload);
    versions = [...known.filter(({ name }) => present.has(name)), {
      ...{ name: target, hash, replacedMs: -Infinity },
    }];
    visible = [...payload?.keys() ?? []];
    return payload;
  }

  async function prepare(
    payload: Payload,
    { hash }: { readonly hash: string },
  ): Promise<PreparedVersion> {
    refuseForeignFolders(payload);
    const name = makeVersionFolder(root, now(), options);
    const folder = `${root}/${name}`;
    try {
      await writeVersion(folder, payload, options);
    } catch (error) {
      await removeAll(folder);
      throw error;
    }
    return {
      folder,
      discard: () => removeAll(folder),
      async switch() {
        await pointTo(name);
        show({ name, hash, replacedMs: -Infinity });
        visible = [...payload.keys()];
        await linkNames(payload);
      },
    };
  }

  /** Notes that a version is the visible one; what it came back from is no earlier version of it. */
  function show(shown: Version): void {
    const last = versions.at(-1);
    if (last !== undefined) last.replacedMs = now();
    versions = [...versions.filter((version) => version !== shown), shown];
  }

  async function pointTo(name: string): Promise<void> {
    const link = () => replaceByLink(`${root}/${DATA}`, name, `${root}/${NEW_DATA}`);
    try {
      link();
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      await removeAll(`${root}/${NEW_DATA}`);
      link();
    }
    await syncFolder(root, options);
  }

  /** A run with the flat layout has left files where links belong. */
  async function takeOverFiles(paths: readonly string[]): Promise<Payload> {
    const payload = await readFiles(root, paths);
    for (const name of listFolder(root).keys()) {
      const isLeftOver = name === NEW_DATA || name.startsWith(TEMPORARY) ||
        isStateLeftOver(name) || VERSION_NAME.test(name);
      if (isLeftOver) await removeAll(`${root}/${name}`);
    }
    const name = makeVersionFolder(root, now(), options);
    await writeVersion(`${root}/${name}`, payload, options);
    await clearFolders(root, paths);
    await pointTo(name);
    show({ name, hash: await hashOf(payload), replacedMs: -Infinity });
    visible = [...payload.keys()];
    await linkNames(payload, new Set(paths));
    return payload;
  }

  /** The links people see: new ones first, then those of vanished names are removed. */
  async function linkNames(
    payload: Payload,
    ownFiles: ReadonlySet<string> = new Set(),
  ): Promise<void> {
    const wanted = new Set([...payload.keys()].map(firstName));
    const present = listFolder(root);
    let isChanged = false;
    const known = linked;
    linked = new Set();
    for (const name of wanted) {
      const target = `${DATA}/${name}`;
      const path = `${root}/${name}`;
      const found = present.get(name);
      // A link that was made by us leads where it led.
      if (found?.isSymlink === true && known.has(name)) continue;
      if (linkTarget(path) === target) continue;
      isChanged = true;
      if (found !== undefined && !ownFiles.has(name)) {
        log.warn("file replaced, it was not ours", { path });
      }
      replaceByLink(path, target, `${root}/${TEMPORARY}${crypto.randomUUID()}`);
    }
    const stale = staleNames(wanted, present);
    for (const name of stale) await removeAll(`${root}/${name}`);
    if (isChanged || stale.length > 0) await syncFolder(root, options);
    linked = wanted;
  }

  /** Links of ours that no version needs any more. */
  function staleNames(
    wanted: ReadonlySet<string>,
    present: ReadonlyMap<string, Deno.DirEntry>,
  ): readonly string[] {
    const stale: string[] = [];
    for (const { name, isSymlink } of present.values()) {
      if (!isSymlink || wanted.has(name) || name.startsWith("..")) continue;
      if (linkTarget(`${root}/${name}`) === `${DATA}/${name}`) stale.push(name);
    }
    return stale;
  }

  function refuseForeignFolders(payload: Payload): void {
    const present = listFolder(root);
    for (const path of payload.keys()) {
      const name = firstName(path);
      if (present.get(name)?.isDirectory !== true) continue;
      throw new RefusedVersion(
        `"${root}/${name}" is a folder that is not ours, it stands in the way`,
      );
    }
  }

  async function matches(payload: Payload): Promise<boolean> {
    const target = linkTarget(`${root}/${DATA}`);
    // What is compared is put right by writing, links included.
    linked = new Set();
    if (target === undefined || target !== versions.at(-1)?.name) return false;
    const wanted = new Set([...payload.keys()].map(firstName));
    for (const name of wanted) {
      if (linkTarget(`${root}/${name}`) !== `${DATA}/${name}`) return false;
    }
    if (staleNames(wanted, listFolder(root)).length > 0) return false;
    const found = await readTree(`${root}/${target}`);
    return found !== undefined && samePayload(found, payload);
  }

  async function backTo(hash: string): Promise<Payload | undefined> {
    const before = versions.slice(0, -1).findLast((version) => version.hash === hash);
    if (before === undefined) return undefined;
    const payload = await readTree(`${root}/${before.name}`);
    // A folder that somebody has changed is no version.
    if (payload === undefined || await hashOf(payload) !== hash) return undefined;
    await pointTo(before.name);
    show(before);
    visible = [...payload.keys()];
    await linkNames(payload);
    return payload;
  }

  return {
    name: "symlink",
    open,
    prepare,
    matches,
    backTo,
    files: () => visible,
    current: () => versions.at(-1)?.name ?? "",
    earlier: () => versions.slice(0, -1).map(({ name, hash }) => ({ dir: name, hash })),
    async removeOld(keep, needed, graceMs) {
      const old = versions.slice(0, Math.max(0, versions.length - 1 - keep))
        .filter(({ hash }) => !needed.includes(hash));
      const due = old.filter(({ replacedMs }) => {
        const ageMs = now() - replacedMs;
        // The clock was put back: how long it has been is not known any more.
        return ageMs >= graceMs || ageMs < 0;
      });
      for (const { name } of due) await removeAll(`${root}/${name}`);
      versions = versions.filter((version) => !due.includes(version));
      return due.length < old.length;
    },
  };
}

function firstName(path: string): string {
  return path.split("/", 1)[0] ?? path;
}
