/** Which file imports which, as the runtime sees it. */

import assert from "node:assert/strict";

const ROOT = new URL("../..", import.meta.url).pathname;
const PREFIX = `file://${ROOT}`;

/** An import. */
export interface ModuleImport {
  /** Path below the root, or the specifier of a package. */
  readonly target: string;
  /** When the file is loaded: with the importing one, when the line is reached, or never, for its types alone. */
  readonly when: "at once" | "later" | "never";
}

/** Imports of each file of ours, by path below the root. */
export type ModuleGraph = ReadonlyMap<string, readonly ModuleImport[]>;

interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier?: string };
      readonly type?: { readonly specifier?: string };
      readonly isDynamic?: boolean;
    }[];
  }[];
}

/** The graph below `entries`, paths below the root. */
export async function moduleGraph(...entries: readonly string[]): Promise<ModuleGraph> {
  const graph = new Map<string, readonly ModuleImport[]>();
  for (const entry of entries) {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", entry],
      cwd: ROOT,
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as Info;
    for (const { specifier, dependencies = [] } of modules) {
      if (!specifier.startsWith(PREFIX)) continue;
      const imports = dependencies.flatMap(({ code, type, isDynamic = false }) => {
        const named = code?.specifier ?? type?.specifier;
        const when = code === undefined ? "never" : isDynamic ? "later" : "at once";
        return named === undefined ? [] : [{ target: pathOf(named), when } as const];
      });
      graph.set(pathOf(specifier), imports);
    }
  }
  return graph;
}

/** What importing `start` loads at once, itself included. */
export function staticImports(graph: ModuleGraph, start: string): string[] {
  const found = new Set([start]);
  for (const path of found) {
    for (const { target, when } of graph.get(path) ?? []) if (when === "at once") found.add(target);
  }
  return [...found].filter((path) => graph.has(path));
}

/** Files that import each other in a circle, if only for types, each circle as `a -> b -> a`. */
export function circles(graph: ModuleGraph): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (path: string) => {
    const at = way.indexOf(path);
    if (at >= 0) found.push([...way.slice(at), path].join(" -> "));
    if (at >= 0 || done.has(path)) return;
    way.push(path);
    for (const { target } of graph.get(path) ?? []) visit(target);
    way.pop();
    done.add(path);
  };
  for (const path of graph.keys()) visit(path);
  return found;
}

function pathOf(specifier: string): string {
  return specifier.startsWith(PREFIX) ? specifier.slice(PREFIX.length) : specifier;
}
