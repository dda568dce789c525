/**
 * Which of the bundle's files are one: what the usual starts of two commands or more have in common. Each file that
 * a start reads costs it 0.15 ms, and the runtime's bundler makes one for each set of commands that share something.
 */

import type { ManualChunksOption } from "rollup";

/** Name of the file. */
const SHARED = "start";

/** What a door imports for the usual start; see the tree of each command. */
const SERVICE = /\/(?:run|app)-[\w]+\.js$/;
/** What the dispatcher imports for every command. */
const RUNNER = /\/run_command-[\w]+\.js$/;

/**
 * The rule for the bundler's last stage.
 *
 * @param entry path of the entry
 * @param doors paths of what the command table imports, before this stage
 */
export function sharedStart(entry: string, doors: readonly string[]): ManualChunksOption {
  let shared: ReadonlySet<string> | undefined;
  return (id, { getModuleInfo }) => {
    shared ??= findShared(entry, doors, (from) => ({
      now: getModuleInfo(from)?.importedIds ?? [],
      later: getModuleInfo(from)?.dynamicallyImportedIds ?? [],
    }));
    return shared.has(id) ? SHARED : undefined;
  };
}

/** What a file imports before it runs, and what when it is reached. */
type ImportsOf = (
  id: string,
) => { readonly now: readonly string[]; readonly later: readonly string[] };

function findShared(entry: string, doors: readonly string[], importsOf: ImportsOf): Set<string> {
  const reached = (from: readonly string[]) => {
    const found = new Set(from);
    for (const id of found) for (const next of importsOf(id).now) found.add(next);
    return found;
  };
  const loaded = reached([entry]);
  const runner = importsOf(entry).later.filter((id) => RUNNER.test(id));
  const once = new Set<string>();
  const shared = new Set<string>();
  for (const door of doors) {
    const service = importsOf(door).later.filter((id) => SERVICE.test(id));
    for (const id of reached([door, ...service, ...runner])) {
      if (loaded.has(id)) continue;
      if (once.has(id)) shared.add(id);
      once.add(id);
    }
  }
  return shared;
}
