/** Copies of versions that were visible, for the flat layout, which has but one place for its files (reload.md 7.5). */

import { hashOf, type Payload } from "../payload/payload.ts";
import { type FileOptions, removeAll } from "./files.ts";
import { readTree } from "./read_tree.ts";
import type { SavedState } from "./state_file.ts";
import { makeVersionFolder, VERSION_NAME, writeVersion } from "./version_folder.ts";

type Earlier = SavedState["earlier"][number];

/** The copies below `root`. */
export class EarlierVersions {
  readonly #root: string;
  readonly #options: FileOptions;
  readonly #now: () => number;
  /** The oldest first. */
  #versions: readonly Earlier[] = [];

  constructor(root: string, options: FileOptions, now: () => number) {
    this.#root = root;
    this.#options = options;
    this.#now = now;
  }

  /** Those there are, the oldest first. */
  get all(): readonly Earlier[] {
    return this.#versions;
  }

  /** Takes over what the state of the run before names; other copies are left-overs and go. */
  async open(named: readonly Earlier[]): Promise<void> {
    const present = new Set<string>();
    for await (const { name, isDirectory } of Deno.readDir(this.#root)) {
      if (!isDirectory || !VERSION_NAME.test(name)) continue;
      if (named.some(({ dir }) => dir === name)) present.add(name);
      else await removeAll(`${this.#root}/${name}`);
    }
    this.#versions = named.filter(({ dir }) => present.has(dir));
  }

  /** Copies a version, unless there is a copy; whether there was none. */
  async keep(hash: string, payload: Payload): Promise<boolean> {
    if (this.#versions.some((one) => one.hash === hash)) return false;
    const dir = await makeVersionFolder(this.#root, this.#now(), this.#options);
    try {
      // A copy that did not reach the disk is found out by its hash.
      await writeVersion(`${this.#root}/${dir}`, payload, { ...this.#options, fsync: false });
    } catch (error) {
      await removeAll(`${this.#root}/${dir}`);
      throw error;
    }
    this.#versions = [...this.#versions, { dir, hash }];
    return true;
  }

  /** Reads a copy; `undefined` when there is none, or somebody has changed it. */
  async read(hash: string): Promise<Payload | undefined> {
    const found = this.#versions.find((one) => one.hash === hash);
    const payload = found && await readTree(`${this.#root}/${found.dir}`);
    return payload === undefined || await hashOf(payload) !== hash ? undefined : payload;
  }

  /** Removes the copy of a version. */
  async remove(hash: string): Promise<void> {
    await this.#retain((one) => one.hash !== hash);
  }

  /** Removes all but the newest `keep` and those that have one of the hashes `needed`. */
  async removeOld(keep: number, needed: readonly (string | null | undefined)[]): Promise<void> {
    const newest = this.#versions.slice(Math.max(0, this.#versions.length - keep));
    await this.#retain((one) => newest.includes(one) || needed.includes(one.hash));
  }

  async #retain(isKept: (one: Earlier) => boolean): Promise<void> {
    for (const one of this.#versions) {
      if (!isKept(one)) await removeAll(`${this.#root}/${one.dir}`);
    }
    this.#versions = this.#versions.filter(isKept);
  }
}
