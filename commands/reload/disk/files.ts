/**
 * Files with exact modes and owners, written so that they are on the disk before anything points to them. What waits
 * for no disk is done at once: each way to another thread and back takes longer than the small files and links do.
 */

/** Modes, owner and durability of what is written. */
export interface FileOptions {
  /** Exact permission bits; `undefined` for 0666 less the umask. */
  readonly fileMode: number | undefined;
  /** The same for folders, 0777 less the umask. */
  readonly dirMode: number | undefined;
  readonly owner: { readonly uid: number; readonly gid: number | null } | undefined;
  /** Whether to wait for the disk. */
  readonly fsync: boolean;
}

/** Makes a folder that must not exist yet, with its mode and owner. */
export function makeFolder(path: string, options: FileOptions): void {
  Deno.mkdirSync(path);
  if (options.dirMode !== undefined) Deno.chmodSync(path, options.dirMode);
  if (options.owner !== undefined) Deno.chownSync(path, options.owner.uid, options.owner.gid);
}

/** Makes the folders on the way to `root`/`path` that are missing. */
export function makeParents(root: string, path: string, options: FileOptions): void {
  const parts = path.split("/").slice(0, -1);
  let folder = root;
  for (const part of parts) {
    folder = `${folder}/${part}`;
    try {
      makeFolder(folder, options);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}

/** Writes a file that must not exist yet. */
export async function writeNewFile(
  path: string,
  bytes: Uint8Array,
  options: FileOptions,
): Promise<void> {
  using file = createFile(path);
  fill(file, path, bytes, options);
  if (options.fsync) await file.sync();
}

function createFile(path: string): Deno.FsFile {
  return Deno.openSync(path, { write: true, createNew: true });
}

function fill(
  file: Deno.FsFile,
  path: string,
  bytes: Uint8Array,
  { fileMode, owner }: FileOptions,
): void {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
  if (fileMode !== undefined) Deno.chmodSync(path, fileMode);
  if (owner !== undefined) Deno.chownSync(path, owner.uid, owner.gid);
}

/** Waits until the entries of a folder are on the disk. */
export async function syncFolder(path: string, { fsync }: FileOptions): Promise<void> {
  if (!fsync) return;
  using folder = await Deno.open(path);
  await folder.sync();
}

/** Removes a file or folder with all in it; nothing to do when it is gone. */
export async function removeAll(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** What is at a path, a link itself; `undefined` when there is nothing. */
export async function lookAt(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (isNoFile(error)) return undefined;
    throw error;
  }
}

/** Whether a folder on the way to `root`/`path` is a link. */
export async function leadsByLink(root: string, path: string): Promise<boolean> {
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
    if ((await lookAt(`${root}/${path.slice(0, at)}`))?.isSymlink === true) return true;
  }
  return false;
}

/** Removes a file or link; nothing to do when it is gone, or when somebody has put a folder there. */
export async function removeFile(path: string): Promise<void> {
  try {
    if (!(await Deno.lstat(path)).isDirectory) await Deno.remove(path);
  } catch (error) {
    if (!isNoFile(error)) throw error;
  }
}

/** Where a symbolic link leads; `undefined` when there is none. */
export function linkTarget(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch (error) {
    const isNone = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.InvalidData || isInvalidArgument(error);
    if (isNone) return undefined;
    throw error;
  }
}

/** What reading a link says of a file that is none. */
function isInvalidArgument(error: unknown): boolean {
  return error instanceof Error && /EINVAL|Invalid argument|os error 22/.test(error.message);
}

/** Makes a link in the place of whatever file or link is there; readers see the one or the other. */
export function replaceByLink(path: string, target: string, temporary: string): void {
  Deno.symlinkSync(target, temporary);
  Deno.renameSync(temporary, path);
}

/** Entries of a folder by name. */
export function listFolder(path: string): ReadonlyMap<string, Deno.DirEntry> {
  return new Map(Deno.readDirSync(path).map((entry) => [entry.name, entry]));
}

/** Bytes of a file; `undefined` when there is none. */
export async function readIfPresent(path: string): Promise<Uint8Array | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (isNoFile(error)) return undefined;
    throw error;
  }
}

/** Whether there is none by that name. */
export function isNoFile(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.IsADirectory;
}

/** Removes the folders above a path, up to `root`, as long as they are empty. */
export async function removeEmptyParents(root: string, path: string): Promise<void> {
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
    try {
      await Deno.remove(`${root}/${path.slice(0, at)}`);
    } catch {
      // Something else is in it, so it stays.
      return;
    }
  }
}
