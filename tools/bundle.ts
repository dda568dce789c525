/** Makes `dist/js`: the program as a few JavaScript files, one per command and shared part. */

const ROOT = new URL("..", import.meta.url).pathname;

/**
 * Bundles `main.ts` with code splitting, so that a command loads only its own parts.
 *
 * @returns the path of the bundle's entry
 * @throws {Error} with the bundler's output when it fails
 */
export async function bundle(): Promise<{ readonly entry: string }> {
  const outDir = `${ROOT}dist/js`;
  await Deno.remove(outDir, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      "--code-splitting",
      "--sourcemap=linked",
      "--outdir",
      outDir,
      "main.ts",
    ],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`Cannot bundle main.ts: ${new TextDecoder().decode(stderr)}`);
  await deferNodeModule(outDir);
  await deferCommands(outDir);
  const { unstable } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  // So that the folder can be copied anywhere and still has the runtime's features it was written for.
  await Deno.writeTextFile(`${outDir}/deno.json`, JSON.stringify({ unstable, lock: false }));
  return { entry: `${outDir}/main.js` };
}

const EAGER =
  /^import \{ createRequire as (\w+) \} from "node:module";\nvar __require = \1\(import\.meta\.url\);$/m;
// One line as well, so that source maps stay right.
const LAZY = "\nvar __require = (id) => (__require.made ??= " +
  'process.getBuiltinModule("node:module").createRequire(import.meta.url))(id);';

/**
 * Packages in the old module format make the bundler import `node:module` in a part that every start loads, which
 * doubles the start of `--help`. Here it is asked for when such a package first needs it.
 *
 * @throws {Error} when the bundler writes something else by now
 */
async function deferNodeModule(outDir: string): Promise<void> {
  for await (const { name } of Deno.readDir(outDir)) {
    if (!name.endsWith(".js")) continue;
    const text = await Deno.readTextFile(`${outDir}/${name}`);
    if (!text.includes("createRequire as __deno_internal")) continue;
    const lazy = text.replace(EAGER, LAZY);
    if (lazy === text) throw new Error(`Cannot defer node:module in ${name}: its form is new`);
    await Deno.writeTextFile(`${outDir}/${name}`, lazy);
  }
}

/**
 * The runtime reads every file that a literal `import()` names before it runs the first line, all commands for the
 * sake of one. Behind a template the entry's are read when they are imported, before permissions are dropped; what a
 * command imports later is read with the command, as before. The worker of the strict sandbox may read nothing at
 * run time, so it starts from `main_strict.js`, where the imports are literal.
 */
async function deferCommands(outDir: string): Promise<void> {
  const text = await Deno.readTextFile(`${outDir}/main.js`);
  const deferred = text.replaceAll(/import\("(\.\/[\w-]+\.js)"\)/g, 'import(`${""}$1`)');
  const redirected = deferred.replace(
    "openProcess(import.meta.url)",
    'openProcess(new URL("./main_strict.js", import.meta.url).href)',
  );
  if (deferred === text || redirected === deferred) {
    throw new Error(`Cannot defer the commands in ${outDir}/main.js: its form is new`);
  }
  await Deno.writeTextFile(`${outDir}/main_strict.js`, text);
  await Deno.writeTextFile(`${outDir}/main.js`, redirected);
}
