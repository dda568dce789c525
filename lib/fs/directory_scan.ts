/** What a directory tree looks like at one moment: a signature per file, comparable with a later one. */

/** Signature by path relative to the root; symbolic links are followed for files, not for folders. */
export type DirectoryScan = ReadonlyMap<string, string>;

/** Most files a scan looks at; beyond, it ends early and says so. */
const MAX_FILES = 100_000;

/** Signature of what cannot be looked at. */
const GONE = "gone";

/** Scans `root`. A missing root is an empty scan; files that vanish meanwhile are left out. */
export async function scanDirectory(root: string, signal: AbortSignal): Promise<DirectoryScan> {
  const found = new Map<string, string>();
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await list(`${root}/${folder}`)) {
      if (signal.aborted || found.size >= MAX_FILES) return found;
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory) folders.push(path);
      else found.set(path, await signature(`${root}/${path}`));
    }
  }
  return found;
}

/** `seen` with fresh signatures for `paths`; those that are gone or are folders are dropped. */
export async function rescanPaths(
  root: string,
  { seen, paths }: { readonly seen: DirectoryScan; readonly paths: readonly string[] },
): Promise<DirectoryScan> {
  const fresh = new Map(seen);
  for (const path of new Set(paths)) {
    const sign = await signature(`${root}/${path}`);
    if (sign === GONE || sign.startsWith("false")) fresh.delete(path);
    else fresh.set(path, sign);
  }
  return fresh;
}

/** Paths that were added, removed or changed between two scans. */
export function changedPaths(before: DirectoryScan, after: DirectoryScan): string[] {
  const changed = [...after].filter(([path, sign]) => before.get(path) !== sign).map(([path]) =>
    path
  );
  const removed = [...before.keys()].filter((path) => !after.has(path));
  return [...changed, ...removed];
}

async function list(path: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(path));
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

async function signature(path: string): Promise<string> {
  try {
    const { ino, size, mtime, isFile } = await Deno.stat(path);
    return `${isFile} ${ino} ${size} ${mtime?.getTime()}`;
  } catch (error) {
    if (isGone(error)) return GONE;
    throw error;
  }
}

/** A dangling link, a file removed meanwhile, a loop of links, or something we may not look at. */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.FilesystemLoop;
}
