/** The npm packages, packed and installed into a project of their own, under Node. */

import assert from "node:assert/strict";
import { nodeIsThere, runIn } from "#tests/support/node_project.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { buildNpmPackages } from "../../tools/build_npm.ts";

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
      await runIn(folder, "npm", "pack", "--json", "--pack-destination", dir.path),
    );
    await dir.write("package.json", '{ "type": "module", "private": true }');
    await runIn(dir.path, "npm", "install", "--offline", "--no-audit", `./${filename}`);
    await dir.write("config/rate_limit", "5");
    await dir.write("program.js", PROGRAM);
    const answer = JSON.parse(await runIn(dir.path, "node", "program.js", `${dir.path}/config`));
    assert.deepEqual(answer, { before: 5, after: 7, deno: "undefined" });
  },
});
