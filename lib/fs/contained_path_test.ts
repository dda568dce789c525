/** What lies below a root and what does not. */

import assert from "node:assert/strict";
import { tempDir } from "#tests/support/temp_dir.ts";
import { containedRealPath } from "./contained_path.ts";

Deno.test("containedRealPath() follows links and tells inside, outside and absent apart", async () => {
  await using outer = await tempDir();
  const file = await outer.write("root/real/a.yml", "1");
  await outer.write("root-other/secret", "1");
  const root = `${outer.path}/root`;
  await Deno.symlink("real/a.yml", `${root}/inside.yml`);
  await Deno.symlink("../root-other/secret", `${root}/outside`);
  await Deno.symlink("nowhere", `${root}/dangling`);
  const realRoot = await Deno.realPath(root);
  const realPath = await Deno.realPath(file);
  assert.deepEqual(await containedRealPath(root, `${root}/inside.yml`), { realPath, realRoot });
  assert.equal(await containedRealPath(root, `${root}/outside`), "outside");
  assert.equal(await containedRealPath(root, `${root}/../root-other/secret`), "outside");
  assert.equal(await containedRealPath(root, `${root}/dangling`), "absent");
  assert.equal(await containedRealPath(`${root}/absent`, `${root}/absent/x`), "absent");
  assert.notEqual(await containedRealPath("/", file), "outside");
});
