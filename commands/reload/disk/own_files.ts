/** Which files of a directory are ours, when they lie between foreign ones (reload.md 6.5). */

import { inBatches } from "#lib/fs/in_batches.ts";
import { RefusedVersion } from "../payload/payload.ts";
import { lookAt } from "./files.ts";

/** The paths below `root` that are ours. */
export class OwnFiles {
  readonly #root: string;
  readonly #paths = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** All of them, in no order. */
  get paths(): readonly string[] {
    return [...this.#paths];
  }

  /** Adds paths; whether one of them is new. */
  add(paths: Iterable<string>): boolean {
    const { size } = this.#paths;
    for (const path of paths) this.#paths.add(path);
    return this.#paths.size > size;
  }

  /** A path is nobody's any more. */
  delete(path: string): void {
    this.#paths.delete(path);
  }

  /**
   * Refuses paths that cannot be written without a foreign file being lost, or without leaving the directory by
   * a link. A foreign file at the path itself is replaced.
   *
   * @throws {RefusedVersion}
   */
  async refuseForeign(paths: readonly string[]): Promise<void> {
    await inBatches(paths, async (path) => {
      const found = await lookAt(`${this.#root}/${path}`);
      if (found?.isDirectory !== true || !await this.#hasForeign(path)) return;
      throw new RefusedVersion(`"${this.#root}/${path}" is a folder, it stands in the way`);
    });
    await inBatches(foldersOf(paths), async (folder) => {
      const found = folder === "" ? undefined : await lookAt(`${this.#root}/${folder}`);
      if (found === undefined || found.isDirectory || this.#paths.has(folder)) return;
      const kind = found.isSymlink ? "link" : "file";
      throw new RefusedVersion(
        `"${this.#root}/${folder}" is a ${kind} that is not ours, it stands in the way`,
      );
    });
  }

  /** Whether anything below a folder is not ours. */
  async #hasForeign(folder: string): Promise<boolean> {
    for await (const { name, isDirectory } of Deno.readDir(`${this.#root}/${folder}`)) {
      const path = `${folder}/${name}`;
      if (isDirectory ? await this.#hasForeign(path) : !this.#paths.has(path)) return true;
    }
    return false;
  }
}

/** Folders of paths, the directory itself included as the empty path. */
export function foldersOf(paths: Iterable<string>): ReadonlySet<string> {
  const folders = new Set([""]);
  for (const path of paths) {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      folders.add(path.slice(0, at));
    }
  }
  return folders;
}
