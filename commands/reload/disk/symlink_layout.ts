/**
 * The shape of a kubelet volume (reload.md 6.2, 6.3): a folder a version, `..data` points to the visible one, every
 * visible name is a link through it. The rename of `..data` is the switch.
 */

import { inBatches } from "#lib/fs/in_batches.ts";
import type { Logger } from "#lib/log/logger.ts";
import { type Payload, RefusedVersion, samePayload } from "../payload/payload.ts";
import {
  type FileOptions,
  linkTarget,
  makeFolder,
  makeParents,
  removeAll,
  syncFolder,
  writeNewFile,
} from "./files.ts";
import type { Layout, PreparedVersion } from "./layout.ts";
import { readTree } from "./read_tree.ts";
import { isStateLeftOver } from "./state_file.ts";

const DATA = "..data";
const NEW_DATA = "..data_tmp";
const TEMPORARY = "..kcfg-tmp-";
const VERSION = /^\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.\d+$/;

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
  /** Names of version folders, the oldest first; the visible one is the last. */
  let versions: string[] = [];

  async function open(): Promise<Payload | undefined> {
    const target = await linkTarget(`${root}/${DATA}`);
    for await (const { name } of Deno.readDir(root)) {
      const isLeftOver = name === NEW_DATA || name.startsWith(TEMPORARY) ||
        isStateLeftOver(name) || VERSION.test(name) && name !== target;
      if (isLeftOver) await removeAll(`${root}/${name}`);
    }
    if (target === undefined || !VERSION.test(target)) return undefined;
    versions = [target];
    return await readTree(`${root}/${target}`);
  }

  async function prepare(payload: Payload): Promise<PreparedVersion> {
    await refuseForeignFolders(payload);
    const name = await freeName();
    const folder = `${root}/${name}`;
    await makeFolder(folder, options);
    try {
      const folders = new Set([folder]);
      for (const path of payload.keys()) {
        await makeParents(folder, path, options);
        const slash = path.lastIndexOf("/");
        if (slash > 0) folders.add(`${folder}/${path.slice(0, slash)}`);
      }
      await inBatches(
        payload,
        ([path, bytes]) => writeNewFile(`${folder}/${path}`, bytes, options),
      );
      for (const one of folders) await syncFolder(one, options);
    } catch (error) {
      await removeAll(folder);
      throw error;
    }
    return {
      folder,
      discard: () => removeAll(folder),
      async switch() {
        await pointTo(name);
        versions = [...versions.filter((other) => other !== name), name];
        await linkNames(payload);
      },
    };
  }

  async function pointTo(name: string): Promise<void> {
    await removeAll(`${root}/${NEW_DATA}`);
    await Deno.symlink(name, `${root}/${NEW_DATA}`);
    await Deno.rename(`${root}/${NEW_DATA}`, `${root}/${DATA}`);
    await syncFolder(root, options);
  }

  /** A name that sorts behind the others: the time, with the fraction counted up when it is taken. */
  async function freeName(): Promise<string> {
    const time = new Date(now()).toISOString().replace(/[-T:]/g, "_").slice(0, 19);
    for (let fraction = Math.floor(now() % 1000) * 1_000_000;; fraction++) {
      const name = `..${time}.${String(fraction).padStart(9, "0")}`;
      if (!await isThere(`${root}/${name}`)) return name;
    }
  }

  /** The links people see: new ones first, then those of vanished names are removed. */
  async function linkNames(payload: Payload): Promise<void> {
    const wanted = new Set([...payload.keys()].map(firstName));
    let isChanged = false;
    await inBatches(wanted, async (name) => {
      const target = `${DATA}/${name}`;
      const path = `${root}/${name}`;
      if (await linkTarget(path) === target) return;
      isChanged = true;
      if (await isThere(path)) log.warn("file replaced, it was not ours", { path });
      const temporary = `${root}/${TEMPORARY}${crypto.randomUUID()}`;
      await Deno.symlink(target, temporary);
      await Deno.rename(temporary, path);
    });
    const stale = await staleNames(wanted);
    for (const name of stale) await removeAll(`${root}/${name}`);
    if (isChanged || stale.length > 0) await syncFolder(root, options);
  }

  /** Links of ours that no version needs any more. */
  async function staleNames(wanted: ReadonlySet<string>): Promise<readonly string[]> {
    const stale: string[] = [];
    for await (const { name, isSymlink } of Deno.readDir(root)) {
      if (!isSymlink || wanted.has(name) || name.startsWith("..")) continue;
      if (await linkTarget(`${root}/${name}`) === `${DATA}/${name}`) stale.push(name);
    }
    return stale;
  }

  async function refuseForeignFolders(payload: Payload): Promise<void> {
    await inBatches(new Set([...payload.keys()].map(firstName)), async (name) => {
      const found = await lstatOf(`${root}/${name}`);
      if (found?.isDirectory !== true) return;
      throw new RefusedVersion(
        `"${root}/${name}" is a folder that is not ours, it stands in the way`,
      );
    });
  }

  async function matches(payload: Payload): Promise<boolean> {
    const target = await linkTarget(`${root}/${DATA}`);
    if (target === undefined || target !== versions.at(-1)) return false;
    const wanted = new Set([...payload.keys()].map(firstName));
    for (const name of wanted) {
      if (await linkTarget(`${root}/${name}`) !== `${DATA}/${name}`) return false;
    }
    if ((await staleNames(wanted)).length > 0) return false;
    const found = await readTree(`${root}/${target}`);
    return found !== undefined && samePayload(found, payload);
  }

  async function back(): Promise<Payload | undefined> {
    const [before] = versions.slice(-2, -1);
    if (before === undefined) return undefined;
    const payload = await readTree(`${root}/${before}`);
    if (payload === undefined) return undefined;
    await pointTo(before);
    // What it came back from is no earlier version of it.
    versions = [...versions.filter((name) => name !== before), before];
    await linkNames(payload);
    return payload;
  }

  return {
    name: "symlink",
    open,
    prepare,
    matches,
    back,
    current: () => versions.at(-1) ?? "",
    async removeOld(keep) {
      const old = versions.slice(0, Math.max(0, versions.length - 1 - keep));
      for (const name of old) await removeAll(`${root}/${name}`);
      versions = versions.filter((name) => !old.includes(name));
    },
  };
}

function firstName(path: string): string {
  return path.split("/", 1)[0] ?? path;
}

async function lstatOf(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  return await lstatOf(path) !== undefined;
}
