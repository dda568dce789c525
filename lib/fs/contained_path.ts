/** Keeps a path below its root, whatever symbolic links say. Resolved at each call, never remembered. */

/** Why a path cannot be used. */
export type Uncontained = "absent" | "outside";

/**
 * Follows all symbolic links of `path` and of `root`.
 *
 * @returns both real paths when the first lies below the real root; `absent` when it does not exist, `outside` when
 * it leads out
 * @throws other errors of the file system as they are
 */
export async function containedRealPath(
  root: string,
  path: string,
): Promise<{ readonly realPath: string; readonly realRoot: string } | Uncontained> {
  let realRoot: string;
  let realPath: string;
  try {
    [realRoot, realPath] = await Promise.all([Deno.realPath(root), Deno.realPath(path)]);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "absent";
    throw error;
  }
  const prefix = realRoot === "/" ? "/" : `${realRoot}/`;
  return realPath === realRoot || realPath.startsWith(prefix) ? { realPath, realRoot } : "outside";
}
