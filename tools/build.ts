/**
 * `deno task build`: bundle, then executable. The executable needs the base runtime `denort`, which comes
 * from the internet or from `DENORT_BIN`; without it the bundle is there and the exit code says so.
 */

import { bundle } from "./bundle.ts";
import { V8_FLAGS_ARG } from "./v8_flags.ts";

const ROOT = new URL("..", import.meta.url).pathname;

/** Exit code when the bundle is there and the executable is not. */
const EXIT_NO_EXECUTABLE = 3;

/** What `deno compile` bakes in; `lib/run/permissions.ts` drops what a command does not need. */
const COMPILE_ARGS = [
  "compile",
  "--quiet",
  "-A",
  "--no-prompt",
  "--unstable-no-legacy-abort",
  "--unstable-worker-options",
  "--no-check",
  V8_FLAGS_ARG,
];

async function main(): Promise<number> {
  const { entry } = await bundle();
  say(`bundle: ${entry}`);
  if (Deno.args.includes("--bundle-only")) return 0;
  const output = `${ROOT}dist/kcfg`;
  await Deno.remove(output).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  const chunks = (await Array.fromAsync(Deno.readDir(`${ROOT}dist/js`)))
    .filter(({ name }) => name.endsWith(".js") && name !== "main.js")
    .flatMap((file) => ["--include", `${ROOT}dist/js/${file.name}`]);
  const compiled = await run([...COMPILE_ARGS, ...chunks, "--output", output, entry]);
  if (!compiled.success) {
    say(`executable: not built, the base runtime cannot be had: ${lastLine(compiled.text)}`);
    say(
      "hint: set DENORT_BIN to a denort of this Deno version, or build where the internet is reachable",
    );
    say(`hint: everything works without it: deno run -A --no-prompt ${V8_FLAGS_ARG} ${entry} help`);
    return EXIT_NO_EXECUTABLE;
  }
  const tried = await new Deno.Command(output, { args: ["--version"] }).output();
  const line = new TextDecoder().decode(tried.stdout).trim();
  if (!tried.success || !line.startsWith("kcfg version=")) {
    say(`executable: ${output} was built but does not answer --version; is DENORT_BIN a denort?`);
    return 1;
  }
  say(`executable: ${output} (${line})`);
  return 0;
}

async function run(args: readonly string[]): Promise<{ success: boolean; text: string }> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).output();
  return { success, text: new TextDecoder().decode(stderr) };
}

function lastLine(text: string): string {
  return text.trim().split("\n").findLast((line) => /error|fail/i.test(line))?.trim() ??
    "no reason given";
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

Deno.exit(await main());
