/** A state file is what anybody who may write in the directory says it is. */

import assert from "node:assert/strict";
import { flat, payload, prepare } from "#tests/support/reload_layouts.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { readState } from "./state_file.ts";

const STATE = { schema: 1, hash: "", dir: "", layout: "flat", lastReloadHash: null };

Deno.test("readState() takes no file outside of the directory, and no version without a name", async () => {
  await using dir = await tempDir();
  const files = ["a", "../victim", "/etc/victim", "b/../../victim", "..data", 7, "c/d"];
  const earlier = [null, 7, { dir: "..2026" }, { dir: "..2026", hash: "h" }];
  await dir.write("config/..kcfg-state", JSON.stringify({ ...STATE, files, earlier }));
  const state = readState(`${dir.path}/config`);
  assert.deepEqual([state?.files, state?.earlier], [["a", "c/d"], [{ dir: "..2026", hash: "h" }]]);
});

Deno.test("the flat layout removes nothing outside of the directory that a state file lists", async () => {
  await using dir = await tempDir();
  const root = `${dir.path}/config`;
  const files = ["../victim", "out/victim", "old"];
  const victim = await dir.write("victim", "1");
  await dir.write("config/old", "1");
  await dir.write("config/..kcfg-state", JSON.stringify({ ...STATE, files }));
  await Deno.symlink("..", `${root}/out`);
  const layout = flat(root);
  await layout.open(readState(root));
  await (await prepare(layout, payload({ a: "1" }))).switch();
  assert.equal(await Deno.readTextFile(victim), "1");
  assert.deepEqual(layout.files(), ["a"]);
  await assert.rejects(Deno.lstat(`${root}/old`), Deno.errors.NotFound);
});
