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

/** How files are reached; what waits for no other thread answers at once. */
interface FileAccess {
  list(path: string): Promise<Deno.DirEntry[]> | Deno.DirEntry[];
  realPath(path: string): Promise<string> | string;
  stat(path: string): Promise<Deno.FileInfo> | Deno.FileInfo;
  read(path: string): Promise<Uint8Array> | Uint8Array;
}

/** A plain directory may lie anywhere, and whoever serves it may be slow. */
const PATIENT: FileAccess = {
  list: (path) => Array.fromAsync(Deno.readDir(path)),
  realPath: Deno.realPath,
  stat: Deno.stat,
  read: Deno.readFile,
};

/** A kubelet's volume is on the node, in memory or as good as: each way to another thread and back costs more. */
const DIRECT: FileAccess = {
  list: (path) => [...Deno.readDirSync(path)],
  realPath: Deno.realPathSync,
  stat: Deno.statSync,
  read: Deno.readFileSync,
};

/**
 * Which version a volume shows, `undefined` for a plain directory. The kubelet never changes a version, so the same
 * one needs no second look. The birth belongs to it: numbers of removed folders are given out again.
 */
export function versionOf(path: string): string | undefined {
  try {
    const data = Deno.realPathSync(`${path}/..data`);
    const { dev, ino, birthtime } = Deno.statSync(data);
    return [data, dev, ino, birthtime?.getTime()].join(":");
  } catch {
    // Whatever is wrong with it, reading says it.
    return undefined;
  }
}

/**
 * Reads the directory.
 *
 * @throws {Error} when it is not there, or changed at every try
 */
export async function readVolume(path: string, deps: SnapshotDeps): Promise<VolumeSnapshot> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const data = await realPathOf(`${path}/..data`, DIRECT);
    if (data !== undefined) {
      const snapshot = await readVersion(data, deps.before);
      // The kubelet removes a version soon after it is replaced.
      if (snapshot !== undefined && await realPathOf(`${path}/..data`, DIRECT) === data) {
        return snapshot;
      }
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
  const reader = new TreeReader(data, before, DIRECT);
  return await reader.read({ withDotFiles: true })
    ? { entries: reader.entries, isVolume: true, unreadable: reader.unreadable }
    : undefined;
}

async function readPlain(
  path: string,
  before: ReadonlyMap<string, Uint8Array>,
): Promise<VolumeSnapshot> {
  const real = await realPathOf(path, PATIENT);
  if (real === undefined) throw new Error(`Cannot read "${path}": no such directory`);
  const reader = new TreeReader(real, before, PATIENT);
  await reader.read({ withDotFiles: false });
  return { entries: reader.entries, isVolume: false, unreadable: reader.unreadable };
}

/** Reads all files below a folder, through links that stay inside. */
class TreeReader {
  readonly entries = new Map<string, Uint8Array>();
  readonly unreadable = new Map<string, string>();
  readonly #root: string;
  readonly #before: ReadonlyMap<string, Uint8Array>;
  readonly #access: FileAccess;
  #isWhole = true;

  constructor(root: string, before: ReadonlyMap<string, Uint8Array>, access: FileAccess) {
    this.#root = root;
    this.#before = before;
    this.#access = access;
  }

  /** Whether nothing vanished on the way. */
  async read({ withDotFiles }: { readonly withDotFiles: boolean }): Promise<boolean> {
    await this.#readFolder("", (name) => withDotFiles || !name.startsWith("."));
    return this.#isWhole;
  }

  async #readFolder(folder: string, isWanted: (name: string) => boolean): Promise<void> {
    let found: Deno.DirEntry[];
    try {
      found = await this.#access.list(`${this.#root}/${folder}`);
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
      this.entries.set(path, await this.#access.read(real));
    } catch (error) {
      this.#onFailure(path, error);
    }
  }

  async #readEntry(path: string): Promise<void> {
    try {
      const real = await realPathOf(`${this.#root}/${path}`, this.#access);
      if (real === undefined || !real.startsWith(`${this.#root}/`)) {
        // Dangling or removed meanwhile: in a version that means it is being removed.
        this.#isWhole &&= real !== undefined;
        this.unreadable.set(path, real === undefined ? "it leads nowhere" : "it leads out");
        return;
      }
      const { isDirectory, isFile } = await this.#access.stat(real);
      if (isDirectory) await this.#readFolder(path, () => true);
      // Reading a pipe or a device could wait for ever.
      else if (isFile) await this.#readFile(path, real);
      else this.unreadable.set(path, "it is no file");
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

async function realPathOf(path: string, access: FileAccess): Promise<string | undefined> {
  try {
    return await access.realPath(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.FilesystemLoop) {
      return undefined;
    }
    throw error;
  }
}
