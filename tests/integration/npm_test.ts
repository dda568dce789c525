/** The npm packages, packed and installed into a project of their own, under Node. */

import assert from "node:assert/strict";
import { tempDir } from "#tests/support/temp_dir.ts";
import { buildNpmPackages } from "../../tools/build_npm.ts";

async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd }).output();
  const decoder = new TextDecoder();
  assert.ok(success, `${command} ${args.join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

async function nodeIsThere(): Promise<boolean> {
  try {
    return (await new Deno.Command("node", { args: ["--version"] }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const PROGRAM = `
import { directorySource, FlagSet, setup } from "@kcfg/flags";
import { nodeDirectoryAccess } from "@kcfg/flags/node";
import { writeFile } from "node:fs/promises";

const flags = new FlagSet("shop");
const limit = flags.int("rate_limit", 100, "requests per second");
await setup(flags, directorySource(process.argv[2], { access: nodeDirectoryAccess }));
const changed = new Promise((resolve) => limit.onChange((before, after) => resolve([before, after])));
await writeFile(process.argv[2] + "/rate_limit", "7");
const [before, after] = await changed;
console.log(JSON.stringify({ before, after, deno: typeof Deno }));
process.exit(0);
`;

const hasNode = await nodeIsThere();

Deno.test({
  name: `the packed flags library follows a directory under Node${
    hasNode ? "" : " (no node here)"
  }`,
  ignore: !hasNode,
  async fn() {
    const [folder = ""] = await buildNpmPackages();
    await using dir = await tempDir();
    const [{ filename }] = JSON.parse(
      await run(folder, "npm", "pack", "--json", "--pack-destination", dir.path),
    );
    await dir.write("package.json", '{ "type": "module", "private": true }');
    await run(dir.path, "npm", "install", "--offline", "--no-audit", `./${filename}`);
    await dir.write("config/rate_limit", "5");
    await dir.write("program.js", PROGRAM);
    const answer = JSON.parse(await run(dir.path, "node", "program.js", `${dir.path}/config`));
    assert.deepEqual(answer, { before: 5, after: 7, deno: "undefined" });
  },
});
