/** Names and what they lead to. */

import assert from "node:assert/strict";
import { tempDir } from "#tests/support/temp_dir.ts";
import { absolutePath, grantPaths } from "./grant_paths.ts";

Deno.test("absolutePath() cleans a path without looking at it", async (t) => {
  const cases = {
    "/a/b": "/a/b",
    "/a//b/./c/../d/": "/a/b/d",
    "/..": "/",
    "/": "/",
    "a": `${Deno.cwd()}/a`,
    "./..//x": `${Deno.cwd().slice(0, Deno.cwd().lastIndexOf("/"))}/x`,
  };
  for (const [path, expected] of Object.entries(cases)) {
    await t.step(path, () => assert.equal(absolutePath(path), expected));
  }
});

Deno.test("grantPaths() names the folder, and where links lead", async () => {
  await using dir = await tempDir();
  const root = await Deno.realPath(dir.path);
  await Deno.mkdir(`${root}/real/below`, { recursive: true });
  await Deno.symlink("real", `${root}/link`);
  assert.deepEqual(await grantPaths(`${root}/real`), [`${root}/real`]);
  assert.deepEqual(await grantPaths(`${root}/link/below`), [
    `${root}/link/below`,
    `${root}/real/below`,
  ]);
  assert.deepEqual(await grantPaths(`${root}/later`), [`${root}/later`]);
});
