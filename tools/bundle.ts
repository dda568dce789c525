/** Makes `dist/js`: the program as a few JavaScript files, one per command and shared part. */

import { mergeFiles } from "./bundle/merge_files.ts";

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
  const { unstable } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const parts = await Deno.makeTempDir({ prefix: "kcfg-bundle-" });
  try {
    await split(parts);
    await deferNodeModule(parts);
    await mergeFiles(parts, outDir);
  } finally {
    await Deno.remove(parts, { recursive: true });
  }
  // So that the folder can be copied anywhere and still has the runtime's features it was written for.
  await Deno.writeTextFile(`${outDir}/deno.json`, JSON.stringify({ unstable, lock: false }));
  return { entry: `${outDir}/main.js` };
}

/** The runtime's bundler: packages and sources into one file for each set of parts that share code. */
async function split(outDir: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      "--code-splitting",
      "--minify",
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
}

const EAGER =
  /import\{createRequire as ([\w$]+)\} from "node:module";var ([\w$]+)=\1\(import\.meta\.url\);/;
const LAZY = 'var $2=(id)=>($2.made??=process.getBuiltinModule("node:module")' +
  ".createRequire(import.meta.url))(id);";

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
