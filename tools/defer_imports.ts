/**
 * Makes the bundle's files load when they are reached.
 *
 * The runtime reads every file that a literal `import()` names before it runs the first line of the importing one:
 * all commands for the sake of one, all sources for the sake of one. Behind a template a file is read when it is
 * imported. That takes the permission to read, so before a command drops it the dispatcher imports the command's
 * list of parts, where every name is literal. The worker of the strict sandbox may read nothing at run time and
 * starts from `main_strict.js`, which has all the lists.
 */

const LITERAL_IMPORT = /import\("(\.\/[\w-]+\.js)"\)/g;
const STATIC_IMPORT = /(?:from|import)"(\.\/[\w-]+\.js)"/g;
/** A row of the command table, see `commands/mod.ts`. */
const COMMAND_LOAD = /load:\(\)=>import\("(\.\/mod-[\w-]+\.js)"\)/g;

/**
 * Rewrites the files of `outDir`.
 *
 * @throws {Error} when the bundler writes something else by now
 */
export async function deferImports(outDir: string): Promise<void> {
  const files = new Map<string, string>();
  for await (const { name } of Deno.readDir(outDir)) {
    if (name.endsWith(".js")) files.set(`./${name}`, await Deno.readTextFile(`${outDir}/${name}`));
  }
  const main = files.get("./main.js") ?? "";
  const doors = [...main.matchAll(COMMAND_LOAD)].map(([, door = ""]) => door);
  const redirected = main.replace(
    "(import.meta.url)",
    '(import.meta.url.replace("main.js","main_strict.js"))',
  );
  if (doors.length === 0 || redirected === main) {
    throw new Error(`Cannot defer the imports of ${outDir}/main.js: its form is new`);
  }
  const write = (name: string, text: string) => Deno.writeTextFile(`${outDir}/${name}`, text);
  for (const door of doors) await write(partsOf(door), listOfParts(laterThan(door, files)));
  for (const [name, text] of files) if (name !== "./main.js") await write(name, deferred(text));
  await write(
    "main.js",
    deferred(
      redirected.replaceAll(
        COMMAND_LOAD,
        (load, door) => `${load},readParts:()=>import("${partsOf(door)}")`,
      ),
    ),
  );
  const lists = doors.map((door) => `import"${partsOf(door)}";`).join("");
  await write("main_strict.js", `${lists}${main}`);
}

function deferred(text: string): string {
  return text.replaceAll(LITERAL_IMPORT, 'import(`${""}$1`)');
}

function partsOf(door: string): string {
  return door.replace("./mod-", "./parts-");
}

/** Files that `door` or anything it loads imports late. */
function laterThan(door: string, files: ReadonlyMap<string, string>): readonly string[] {
  const late = new Set<string>();
  const seen = new Set<string>();
  const waiting = [door, "./main.js"];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const text = files.get(name) ?? "";
    for (const [, used = ""] of text.matchAll(STATIC_IMPORT)) waiting.push(used);
    for (const [, used = ""] of text.matchAll(LITERAL_IMPORT)) {
      if (name === "./main.js" && used.startsWith("./mod-")) continue;
      late.add(used);
      waiting.push(used);
    }
  }
  return [...late].sort();
}

/** Nobody calls the function: that the names are literal makes the runtime read the files. */
function listOfParts(names: readonly string[]): string {
  const imports = names.map((name) => `import("${name}")`).join(",");
  return `export const parts=()=>[${imports}];\n`;
}
