/**
 * Makes the bundle's files load when they are reached.
 *
 * The runtime reads every file that a literal `import()` names before it runs the first line of the importing one:
 * all commands for the sake of one, all sources for the sake of one. Behind a template a file is read when it is
 * imported. That takes the permission to read, so before a command drops it the dispatcher imports the command's
 * list of parts, where every name is literal. The worker of the strict sandbox may read nothing at run time and
 * starts from `main_strict.js`, which has all the lists and the entry. Other files take code from the entry, so there
 * is one of it.
 */

import type { OutputChunk, Plugin } from "rollup";

/** A command of the bundle. */
export interface BundledCommand {
  readonly name: string;
  /** The file that its door was in before files were merged. */
  readonly door: string;
}

const LATE = 'import(`${""}`+';
/** A row of the command table, see `commands/mod.ts`. */
const COMMAND_ROW = /\{name:"([\w-]+)",summary:"[^"]*",load:\(\)=>import\("\.\/([\w-]+\.js)"\)/g;
const RENDERED_ROW = /(\{name:"([\w-]+)",summary:"[^"]*",)(load:)/g;

/**
 * The rows of the command table in the entry's text.
 *
 * @throws {Error} when the table has a form that is not known
 */
export function doorsOf(main: string): readonly BundledCommand[] {
  const rows = [...main.matchAll(COMMAND_ROW)];
  if (rows.length === 0) throw new Error("Cannot defer imports: the command table's form is new");
  return rows.map(([, name = "", door = ""]) => ({ name, door }));
}

/**
 * The step for the bundler's last stage. `main` is the text of the entry before it.
 *
 * @throws {Error} when the command table has a form that is not known
 */
export function lateImports(main: string): Plugin {
  const commands = doorsOf(main);
  return {
    name: "late-imports",
    renderDynamicImport: () => ({ left: LATE, right: ")" }),
    generateBundle(_options, files) {
      const chunks = Object.values(files).filter((file) => file.type === "chunk");
      const entry = chunks.find(({ isEntry }) => isEntry);
      if (entry === undefined) throw new Error("Cannot defer imports: there is no entry");
      const emit = (fileName: string, source: string) =>
        this.emitFile({ type: "asset", fileName, source });
      for (const command of commands) {
        const late = laterThan(command, { commands, chunks });
        const imports = late.map((name) => `import("./${name}")`).join(",");
        // Nobody calls the function: that the names are literal makes the runtime read the files.
        emit(partsOf(command), `export const parts=()=>[${imports}];\n`);
      }
      const lists = commands.map((command) => `import"./${partsOf(command)}";`).join("");
      emit("main_strict.js", `${lists}import"./${entry.fileName}";\n`);
      entry.code = withParts(entry.code, commands);
    },
  };
}

function withParts(code: string, commands: readonly BundledCommand[]): string {
  const url = '(import.meta.url.replace("main.js","main_strict.js"))';
  const redirected = code.replace("(import.meta.url)", url);
  const started = redirected.replace("import.meta.main", "true");
  let rows = 0;
  const whole = started.replaceAll(RENDERED_ROW, (_row, before, name, load) => {
    rows += 1;
    return `${before}readParts:()=>${LATE}"./${partsOf({ name })}"),${load}`;
  });
  if (redirected === code || started === redirected || rows !== commands.length) {
    throw new Error("Cannot defer imports: the entry's form is new");
  }
  return whole;
}

function partsOf({ name }: Pick<BundledCommand, "name">): string {
  return `parts-${name}.js`;
}

/** Files that a command, or what it loads, imports late. */
function laterThan(
  command: BundledCommand,
  { commands, chunks }: {
    readonly commands: readonly BundledCommand[];
    readonly chunks: readonly OutputChunk[];
  },
): readonly string[] {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const holds = ({ moduleIds }: OutputChunk, { door }: BundledCommand) =>
    moduleIds.some((id) => id.endsWith(`/${door}`));
  const others = new Set(
    chunks.filter((chunk) =>
      commands.some((one) => one !== command && holds(chunk, one)) && !holds(chunk, command)
    ).map(({ fileName }) => fileName),
  );
  const late = new Set<string>();
  const seen = new Set(chunks.filter((chunk) => chunk.isEntry || holds(chunk, command)));
  for (const { imports, dynamicImports } of seen) {
    // What is loaded late may itself be among the parts that are loaded at once elsewhere.
    for (const name of dynamicImports) if (byName.has(name) && !others.has(name)) late.add(name);
    for (const name of [...imports, ...dynamicImports]) {
      const chunk = byName.get(name);
      if (chunk !== undefined && !others.has(name)) seen.add(chunk);
    }
  }
  return [...late].sort();
}
