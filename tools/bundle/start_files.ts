/**
 * Which of the bundle's files are one: what the usual starts of two commands or more have in common, and what the
 * usual start of one command needs and no other command ever does. Each file that a start reads costs it 0.15 ms, an
 * import on the way some more, and the runtime's bundler makes a file for each set of commands that share something.
 */

import type { ManualChunksOption } from "rollup";

/** Name of the file that commands share. */
const SHARED = "start";

/** What a door imports for the usual start; see the tree of each command. */
const SERVICE = /\/(?:run|app)-[\w]+\.js$/;
/** What the dispatcher imports for every command. */
const RUNNER = /\/run_command-[\w]+\.js$/;

/**
 * The rule for the bundler's last stage.
 *
 * @param entry path of the entry
 * @param doors what the command table imports: path before this stage → name of the command
 */
export function startFiles(
  entry: string,
  doors: ReadonlyMap<string, string>,
): ManualChunksOption {
  let names: ReadonlyMap<string, string> | undefined;
  return (id, { getModuleInfo }) => {
    names ??= nameFiles(entry, doors, (from) => ({
      now: getModuleInfo(from)?.importedIds ?? [],
      later: getModuleInfo(from)?.dynamicallyImportedIds ?? [],
    }));
    return names.get(id);
  };
}

/** What a file imports before it runs, and what when it is reached. */
type ImportsOf = (
  id: string,
) => { readonly now: readonly string[]; readonly later: readonly string[] };

function nameFiles(
  entry: string,
  doors: ReadonlyMap<string, string>,
  importsOf: ImportsOf,
): Map<string, string> {
  const reached = (from: readonly string[], { isLateToo = false } = {}) => {
    const found = new Set(from);
    for (const id of found) {
      const { now, later } = importsOf(id);
      for (const next of isLateToo ? [...now, ...later] : now) found.add(next);
    }
    return found;
  };
  const loaded = reached([entry]);
  const runner = importsOf(entry).later.filter((id) => RUNNER.test(id));
  const starts = [...doors].map(([door, name]) => {
    const service = importsOf(door).later.filter((id) => SERVICE.test(id));
    return {
      // A door without a service is as small as it is.
      name: service.length > 0 ? name : undefined,
      start: reached([door, ...service, ...runner]).difference(loaded),
      ever: reached([door], { isLateToo: true }),
    };
  });
  const names = new Map<string, string>();
  for (const one of starts) {
    const others = starts.filter((other) => other !== one);
    for (const id of one.start) {
      if (others.some(({ start }) => start.has(id))) names.set(id, SHARED);
      // A part of another command that needed it would have to load this one's whole start.
      else if (one.name !== undefined && !others.some(({ ever }) => ever.has(id))) {
        names.set(id, one.name);
      }
    }
  }
  return names;
}
