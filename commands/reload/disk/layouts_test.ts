/** Both layouts: versions on the disk, and nothing of one that was refused. */

import assert from "node:assert/strict";
import { silentLogger } from "#lib/log/logger.ts";
import {
  FILES,
  flat,
  names,
  payload,
  prepare,
  symlinks,
  write,
} from "#tests/support/reload_layouts.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { hashOf } from "../payload/payload.ts";
import { createSymlinkLayout } from "./symlink_layout.ts";

Deno.test("both layouts write, change and remove files, and go back", async (t) => {
  for (const name of ["symlink", "flat"] as const) {
    await t.step(name, async () => {
      await using dir = await tempDir();
      const layout = name === "flat" ? flat(dir.path, { keepsEarlier: true }) : symlinks(dir.path);
      assert.equal(await layout.open(undefined), undefined);
      await write(layout, { "a.conf": "1", "d/b": "2" });
      const read = (path: string) => Deno.readTextFile(`${dir.path}/${path}`);
      assert.deepEqual([await read("a.conf"), await read("d/b")], ["1", "2"]);
      await write(layout, { "a.conf": "3", c: "4" });
      assert.deepEqual([await read("a.conf"), await read("c")], ["3", "4"]);
      await assert.rejects(read("d/b"), Deno.errors.NotFound);
      assert.deepEqual((await names(dir.path)).filter((one) => !one.startsWith("..")), [
        "a.conf",
        "c",
      ]);
      assert.ok(await layout.matches(payload({ "a.conf": "3", c: "4" })));
      assert.ok(!await layout.matches(payload({ "a.conf": "1" })));
      const first = payload({ "a.conf": "1", "d/b": "2" });
      assert.equal(await layout.backTo("unknown"), undefined);
      assert.deepEqual(await layout.backTo(await hashOf(first)), first);
      assert.deepEqual([await read("a.conf"), await read("d/b")], ["1", "2"]);
    });
  }
});

Deno.test("a refused version leaves nothing behind", async () => {
  await using dir = await tempDir();
  for (const layout of [symlinks(dir.path), flat(dir.path)]) {
    await layout.open(undefined);
    const before = await names(dir.path);
    await (await prepare(layout, payload({ a: "1", "b/c": "2" }))).discard();
    assert.deepEqual(await names(dir.path), before);
  }
});

Deno.test("modes are exact when they are given", async () => {
  await using dir = await tempDir();
  const layout = createSymlinkLayout(
    dir.path,
    { ...FILES, fileMode: 0o640, dirMode: 0o751 },
    { now: () => 0, log: silentLogger },
  );
  await layout.open(undefined);
  await write(layout, { "d/a": "1" });
  const mode = async (path: string) => ((await Deno.stat(`${dir.path}/${path}`)).mode ?? 0) & 0o777;
  assert.deepEqual([await mode("d/a"), await mode("d")], [0o640, 0o751]);
});
