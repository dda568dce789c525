/**
 * Reads a directory of values, one file a flag, as of one moment: a volume the kubelet keeps (`..data`), a plain
 * directory, or both in one.
 */

import type { DirectoryAccess, DirectReads, ListedEntry } from "./directory_access.ts";
import type { SourceItem, SourceSnapshot } from "./source.ts";

/** Greatest size of a file; beyond it the flag gets an error. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024;

const TOO_LARGE = `larger than ${MAX_FILE_BYTES} bytes`;
const DATA_LINK = "..data";
const MAX_ATTEMPTS = 5;

/** What is known of a directory before it is read. */
export interface DirectoryHints {
  /** Whether it was a volume when it was last read; false by default. */
  readonly isVolume?: boolean;
}

/**
 * Reads all values. With `..data` the link is resolved once and the files are read below what it leads to, so
 * that an update meanwhile is seen as a whole or not at all.
 *
 * @throws {Error} when the directory is not there, or vanished five times while it was read
 */
export async function readDirectory(
  access: DirectoryAccess,
  path: string,
  { isVolume = false }: DirectoryHints = {},
): Promise<DirectorySnapshot> {
  const { direct: ofVersion = access } = access;
  // A plain directory may lie anywhere, and whoever serves it may be slow: not even asking may hold everything up.
  const reads = { ofDirectory: isVolume ? ofVersion : access, ofVersion };
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const found = await readOnce(reads, path);
    if (found !== undefined) return { ...found, isComplete: true };
  }
  throw new Error(
    `Cannot read flags from "${path}": it changed ${MAX_ATTEMPTS} times while being read`,
  );
}

/** Values of a directory with what it and its `..data` lead to. */
export interface DirectorySnapshot extends SourceSnapshot {
  /** Another version means that all files changed in one step. */
  readonly version: string;
  /** Whether there is a `..data`. */
  readonly isVolume: boolean;
}

/** Reads that answer at once, or once another thread has. */
type Reads = DirectReads | Pick<DirectoryAccess, keyof DirectReads>;

/** How the directory itself is read, and what lies behind `..data`. */
interface ReadsByPlace {
  readonly ofDirectory: Reads;
  readonly ofVersion: Reads;
}

/** Reads one file; `undefined` when it is not there. */
export async function readItem(
  access: Reads,
  path: string,
): Promise<SourceItem | undefined> {
  try {
    const found = await access.stat(path);
    if (found === undefined) return undefined;
    if (found.kind === "directory") return { isDirectory: true };
    // Reading a pipe or a device could wait for ever.
    if (found.kind !== "file") return { problem: "not a regular file" };
    if (found.size > MAX_FILE_BYTES) return { problem: TOO_LARGE };
    const bytes = await access.readFile(path);
    return bytes === undefined ? undefined : bounded(bytes);
  } catch (err) {
    return { problem: err instanceof Error ? err.message : String(err) };
  }
}

/** Whether a name is none of a flag: dot files, and with them what the kubelet keeps for itself. */
export function isHidden(name: string): boolean {
  return name.startsWith(".");
}

/** One try; `undefined` when what was listed vanished on the way. */
async function readOnce(
  reads: ReadsByPlace,
  path: string,
): Promise<Omit<DirectorySnapshot, "isComplete"> | undefined> {
  const access = reads.ofDirectory;
  // Last what goes on in any case: reads that answer at once fail at once, and nobody would hear of it then.
  const [listed, real, found] = await Promise.all([
    access.list(path),
    access.realPath(path),
    readVersion(reads, path),
  ]);
  if (listed === undefined) throw new Error(`Cannot read flags from "${path}": no such directory`);
  if (found === undefined) return undefined;
  const { items, data } = found;
  const beside: ListedEntry[] = [];
  for (const entry of listed) {
    if (items.has(entry.name) || isHidden(entry.name)) continue;
    const target = entry.kind === "symlink" ? await access.readLink(`${path}/${entry.name}`) : "";
    // The kubelet's links trail behind the swap; what they lead to is no part of the version read.
    if (!target?.startsWith(`${DATA_LINK}/`)) beside.push(entry);
  }
  // A plain file may go between listing and reading: then it is simply gone.
  await Promise.all(beside.map(async ({ name }) => {
    const item = await readItem(access, `${path}/${name}`);
    if (item !== undefined) items.set(name, item);
  }));
  return { items, version: JSON.stringify([real, data]), isVolume: data !== undefined };
}

/** The files behind `..data`, none without it; `undefined` when they were replaced while being read. */
async function readVersion(
  { ofDirectory, ofVersion: access }: ReadsByPlace,
  path: string,
): Promise<{ items: Map<string, SourceItem>; data: string | undefined } | undefined> {
  const items = new Map<string, SourceItem>();
  const data = await ofDirectory.realPath(`${path}/${DATA_LINK}`);
  if (data === undefined) return { items, data };
  const listed = await access.list(data);
  if (listed === undefined) return undefined;
  let isWhole = true;
  const [afterListing] = await Promise.all([
    access.realPath(`${path}/${DATA_LINK}`),
    ...listed.map(async ({ name, kind }) => {
      if (isHidden(name)) return;
      const file = `${data}/${name}`;
      const item = await (kind === "file" ? readVersionFile(access, file) : readItem(access, file));
      if (item === undefined) isWhole = false;
      else items.set(name, item);
    }),
  ]);
  // Listed while it was being deleted, a version may lack files that nobody would miss below.
  if (afterListing !== data) return undefined;
  // A version is deleted file by file once it is replaced; a link that leads nowhere is missing for good.
  const isReplaced = !isWhole && await access.realPath(`${path}/${DATA_LINK}`) !== data;
  return isReplaced ? undefined : { items, data };
}

/** Like `readItem` without asking first: the API server bounds what a volume holds, and a swap is urgent. */
async function readVersionFile(
  access: Reads,
  path: string,
): Promise<SourceItem | undefined> {
  try {
    const bytes = await access.readFile(path);
    return bytes === undefined ? undefined : bounded(bytes);
  } catch (err) {
    return { problem: err instanceof Error ? err.message : String(err) };
  }
}

function bounded(bytes: Uint8Array): SourceItem {
  return bytes.length > MAX_FILE_BYTES ? { problem: TOO_LARGE } : { bytes };
}
