/** Writes a file so that a reader, or a crash, sees the old content or the new one and nothing between. */

/** How to write. */
export interface AtomicWriteOptions {
  /** Permission bits of the new file, 0o644 by default. */
  readonly mode?: number;
  /**
   * Whether to wait until file and directory entry are on the disk, true by default. Without it a crash of
   * the machine (not of the process) may lose the new content.
   */
  readonly sync?: boolean;
}

/**
 * Replaces `path` by `content`, and says whether anything changed: a file that already has this content is
 * left alone. The temporary file lies beside `path` and is removed on failure.
 *
 * @throws {Error} naming the path, with the cause
 */
export async function writeFileAtomically(
  path: string,
  content: Uint8Array,
  { mode = 0o644, sync = true }: AtomicWriteOptions = {},
): Promise<"written" | "unchanged"> {
  if (await hasContent(path, content)) return "unchanged";
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    using file = await Deno.open(temporary, { write: true, createNew: true, mode });
    await writeAll(file, content);
    if (sync) await file.sync();
    await Deno.rename(temporary, path);
    if (sync) await syncDirectory(path);
    return "written";
  } catch (error) {
    await removeIfPresent(temporary);
    throw new Error(`Cannot write "${path}": ${reasonOf(error)}`, { cause: error });
  }
}

async function writeAll(file: Deno.FsFile, content: Uint8Array): Promise<void> {
  for (let rest = content; rest.length > 0;) rest = rest.subarray(await file.write(rest));
}

async function syncDirectory(path: string): Promise<void> {
  const slash = path.lastIndexOf("/");
  // A bare name lies in the working directory.
  using directory = await Deno.open(slash < 0 ? "." : path.slice(0, slash) || "/");
  await directory.sync();
}

async function hasContent(path: string, content: Uint8Array): Promise<boolean> {
  try {
    const { size, isFile } = await Deno.lstat(path);
    if (!isFile || size !== content.length) return false;
    const present = await Deno.readFile(path);
    return present.length === content.length && present.every((byte, i) => byte === content[i]);
  } catch {
    // Unreadable or absent: writing will say what is wrong, if anything is.
    return false;
  }
}

async function removeIfPresent(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
