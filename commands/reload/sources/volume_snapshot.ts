/** A mounted volume as of one version (reload.md 5): read behind `..data`, or a plain directory that stands still. */

import { inBatches } from "#lib/fs/in_batches.ts";
import { samePayload } from "../payload/payload.ts";

/** What a look at the directory gave. */
export interface VolumeSnapshot {
  readonly entries: ReadonlyMap<string, Uint8Array>;
  /** Whether it is a kubelet's volume, whose versions come whole. */
  readonly isVolume: boolean;
  /** Entries that could not be read, with the reason. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** What a look may need. */
export interface SnapshotDeps {
  /** Contents read before, for files that cannot be read now. */
  readonly before: ReadonlyMap<string, Uint8Array>;
  /** Waits between the two reads of a plain directory. */
  readonly settle: () => Promise<void>;
}

const MAX_TRIES = 20;

/**
 * Reads the directory.
 *
 * @throws {Error} when it is not there, or changed at every try
 */
export async function readVolume(path: string, deps: SnapshotDeps): Promise<VolumeSnapshot> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const data = await realPathOf(`${path}/..data`);
    if (data !== undefined) {
      const snapshot = await readVersion(data, deps.before);
      // The kubelet removes a version soon after it is replaced.
      if (snapshot !== undefined && await realPathOf(`${path}/..data`) === data) return snapshot;
      continue;
    }
    const first = await readPlain(path, deps.before);
    await deps.settle();
    const second = await readPlain(path, deps.before);
    if (samePayload(first.entries, second.entries)) return second;
  }
  throw new Error(`Cannot read "${path}": it changed ${MAX_TRIES} times while being read`);
}

async function readVersion(
  data: string,
  before: ReadonlyMap<string, Uint8Array>,
): Promise<VolumeSnapshot | undefined> {
  const reader = new TreeReader(data, before);
  return await reader.read({ withDotFiles: true })
    ? { entries: reader.entries, isVolume: true, unreadable: reader.unreadable }
    : undefined;
}

async function readPlain(
  path: string,
  before: ReadonlyMap<string, Uint8Array>,
): Promise<VolumeSnapshot> {
  const real = await realPathOf(path);
  if (real === undefined) throw new Error(`Cannot read "${path}": no such directory`);
  const reader = new TreeReader(real, before);
  await reader.read({ withDotFiles: false });
  return { entries: reader.entries, isVolume: false, unreadable: reader.unreadable };
}

/** Reads all files below a folder, through links that stay inside. */
class TreeReader {
  readonly entries = new Map<string, Uint8Array>();
  readonly unreadable = new Map<string, string>();
  readonly #root: string;
  readonly #before: ReadonlyMap<string, Uint8Array>;
  #isWhole = true;

  constructor(root: string, before: ReadonlyMap<string, Uint8Array>) {
    this.#root = root;
    this.#before = before;
  }

  /** Whether nothing vanished on the way. */
  async read({ withDotFiles }: { readonly withDotFiles: boolean }): Promise<boolean> {
    await this.#readFolder("", (name) => withDotFiles || !name.startsWith("."));
    return this.#isWhole;
  }

  async #readFolder(folder: string, isWanted: (name: string) => boolean): Promise<void> {
    let found: Deno.DirEntry[];
    try {
      found = await Array.fromAsync(Deno.readDir(`${this.#root}/${folder}`));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      this.#isWhole = false;
      return;
    }
    const wanted = found.filter(({ name }) => isWanted(name))
      .map((entry) => ({ entry, path: folder === "" ? entry.name : `${folder}/${entry.name}` }));
    const files = wanted.filter(({ entry }) => entry.isFile);
    await inBatches(files, ({ path }) => this.#readFile(path, `${this.#root}/${path}`));
    for (const { entry, path } of wanted) if (!entry.isFile) await this.#readEntry(path);
  }

  /** A file that is no link needs no look at where it leads. */
  async #readFile(path: string, real: string): Promise<void> {
    try {
      this.entries.set(path, await Deno.readFile(real));
    } catch (error) {
      this.#onFailure(path, error);
    }
  }

  async #readEntry(path: string): Promise<void> {
    try {
      const real = await realPathOf(`${this.#root}/${path}`);
      if (real === undefined || !real.startsWith(`${this.#root}/`)) {
        // Dangling, removed meanwhile, or leading out: in a version that means it is being removed.
        this.#isWhole &&= real !== undefined;
        return;
      }
      const { isDirectory, isFile } = await Deno.stat(real);
      if (isDirectory) await this.#readFolder(path, () => true);
      // Reading a pipe or a device could wait for ever.
      else if (isFile) await this.#readFile(path, real);
    } catch (error) {
      this.#onFailure(path, error);
    }
  }

  #onFailure(path: string, error: unknown): void {
    if (error instanceof Deno.errors.NotFound) {
      this.#isWhole = false;
      return;
    }
    this.unreadable.set(path, error instanceof Error ? error.message : String(error));
    const known = this.#before.get(path);
    if (known !== undefined) this.entries.set(path, known);
  }
}

async function realPathOf(path: string): Promise<string | undefined> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.FilesystemLoop) {
      return undefined;
    }
    throw error;
  }
}
