/** The reader of scripts itself, and then every script, on each form of the program that is there. */

import assert from "node:assert/strict";
import { difference, parseScript } from "./script.ts";
import type { Outcome } from "./script.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const DENO = Deno.execPath();
const RUN = ["run", "-A", "--no-prompt", "--quiet"];

/** Ways to start the program. The bundle and the executable are tried when the environment names them. */
const FORMS: Record<string, string | undefined> = {
  source: `${ROOT}main.ts`,
  bundle: Deno.env.get("KCFG_TEST_BUNDLE"),
  executable: Deno.env.get("KCFG_BIN"),
};

async function run(
  form: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<Outcome> {
  const path = FORMS[form] ?? "";
  const { code, stdout, stderr } = await new Deno.Command(form === "executable" ? path : DENO, {
    args: form === "executable" ? [...args] : [...RUN, path, ...args],
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin", HOME: Deno.env.get("HOME") ?? "/", ...env, ...denoDir() },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { stdout: decoder.decode(stdout), stderr: decoder.decode(stderr), exitCode: code };
}

/** The source form finds its packages where this process found them. */
function denoDir(): Record<string, string> {
  const dir = Deno.env.get("DENO_DIR");
  return dir === undefined ? {} : { DENO_DIR: dir };
}

Deno.test("parseScript() reads commands, variables, output and exit codes", () => {
  const [block] = parseScript(
    "# shows x\n$ A=1 kcfg help 'a b'\nout\n~\n...\nstderr: err\nexit: 2\n",
  );
  assert.deepEqual(block, {
    title: "shows x",
    env: { A: "1" },
    args: ["help", "a b"],
    stdout: ["out", "", "..."],
    stderr: ["err"],
    exitCode: 2,
  });
  assert.throws(() => parseScript("stray\n"), /Line 1/);
  assert.throws(() => parseScript("$ ls\n"), /Line 1/);
});

Deno.test("difference() finds wrong output, and lets marks stand for anything", () => {
  const [block] = parseScript("$ kcfg x\nfirst <*>\n...\nlast\n");
  assert.ok(block);
  const outcome = { stdout: "first 1\nmore\nlast\n", stderr: "", exitCode: 0 };
  assert.equal(difference(block, outcome), undefined);
  assert.ok(difference(block, { ...outcome, stdout: "first 1\nmore\n" }));
  assert.ok(difference(block, { ...outcome, stderr: "x\n" }));
  assert.ok(difference(block, { ...outcome, exitCode: 1 }));
});

for await (const file of Deno.readDir(`${ROOT}tests/cli/scripts`)) {
  const blocks = parseScript(await Deno.readTextFile(`${ROOT}tests/cli/scripts/${file.name}`));
  for (const form of Object.keys(FORMS)) {
    const missing = FORMS[form] === undefined;
    // The executable needs a base runtime from the internet, so its absence is the ordinary case.
    if (missing && form === "executable") continue;
    Deno.test({
      name: `${file.name} from ${form}${
        missing ? " (not built: KCFG_TEST_BUNDLE is not set)" : ""
      }`,
      ignore: missing,
      async fn(t) {
        for (const block of blocks) {
          await t.step(`${block.title}: kcfg ${block.args.join(" ")}`, async () => {
            const wrong = difference(block, await run(form, block.args, block.env));
            if (wrong !== undefined) assert.fail(wrong);
          });
        }
      },
    });
  }
}
