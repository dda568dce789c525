/** Paths as the runtime's permissions know them: by name, not by what a link leads to. */

/**
 * What must be granted so that everything below `path` can be read: its absolute path, and its real one when
 * links on the way lead elsewhere. A link that is pointed elsewhere later is not followed then. A path that
 * does not exist yet is granted by name alone.
 */
export async function grantPaths(path: string): Promise<readonly string[]> {
  const named = absolutePath(path);
  try {
    const real = await Deno.realPath(named);
    return real === named ? [named] : [named, real];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [named];
    throw error;
  }
}

/** `path` from the root, without `.`, `..` and double slashes; links are not looked at. */
export function absolutePath(path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${Deno.cwd()}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
