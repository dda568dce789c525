/**
 * Where a linted file stands in the tree, and what a specifier written in it points at. Everything is
 * expressed as a path relative to the repository's root, with forward slashes.
 */

// The plugin lies in `<root>/tools/lint/`, so the root is known in any checkout folder.
const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);

// Used for file names outside the checkout, such as those of a copy elsewhere.
const MARKER = /(?:^|\/)((?:commands|lib|tests|tools|bench)\/.*|main\.ts)$/;

/** The path of `filename` from the repository's root; `undefined` for files that lie elsewhere. */
export function relativePath(filename: string): string | undefined {
  const path = filename.replace(/^file:\/\//, "").replaceAll("\\", "/");
  if (path.startsWith(ROOT)) return path.slice(ROOT.length);
  return MARKER.exec(path)?.[1];
}

/** Tests, their harnesses and benches: free of the rules for what ships. */
export function isTest(path: string): boolean {
  return path.startsWith("tests/") || path.startsWith("bench/") ||
    /_(?:test|bench)\.tsx?$/.test(path);
}

/** What ships: `main.ts`, `commands/` and `lib/`, without the tests beside the code. */
export function isProduct(path: string): boolean {
  return !isTest(path) && /^(?:main\.ts$|commands\/|lib\/)/.test(path);
}

/** The folder of `path`, without a slash at the end; empty at the root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** `lib/kube` for `lib/kube/watch/x.ts`, `commands/reload` for its files, else the first folder. */
export function areaOf(path: string): string {
  const parts = path.split("/");
  const nested = (parts[0] === "lib" || parts[0] === "commands") && parts.length > 2;
  return nested ? `${parts[0]}/${parts[1]}` : parts.length > 1 ? `${parts[0]}` : path;
}

/** What an import points at. */
export type ImportTarget =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "package"; readonly name: string };

/** Resolves `specifier` as written in the file `from`; `undefined` for what is neither file nor package. */
export function resolveImport(specifier: string, from: string): ImportTarget | undefined {
  const mapped = /^#(lib|tests)\/(.*)$/.exec(specifier);
  if (mapped !== null) return { kind: "file", path: normalize(`${mapped[1]}/${mapped[2]}`) };
  if (/^\.{1,2}\//.test(specifier)) {
    return { kind: "file", path: normalize(`${folderOf(from)}/${specifier}`) };
  }
  if (/^(?:https?|data|file|jsr):/.test(specifier)) return undefined;
  if (specifier.startsWith("node:")) return { kind: "package", name: specifier };
  const bare = specifier.replace(/^npm:\/?/, "");
  const name = /^(@[^/]+\/[^/@]+|[^/@]+)/.exec(bare)?.[1];
  return name === undefined ? undefined : { kind: "package", name };
}

function normalize(path: string): string {
  const out: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && out.length > 0) out.pop();
    else out.push(part);
  }
  return out.join("/");
}
