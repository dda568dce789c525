/** The symlink layout: versions switched at once, taken over after a crash. */

import assert from "node:assert/strict";
import {
  flat,
  names,
  payload,
  prepare,
  stateOf,
  symlinks,
  write,
} from "#tests/support/reload_layouts.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { hashOf, RefusedVersion } from "../payload/payload.ts";

Deno.test("the symlink layout takes over a directory and removes what a crash left", async () => {
  await using dir = await tempDir();
  await write(symlinks(dir.path), { a: "1" });
  await Deno.mkdir(`${dir.path}/..2026_01_01_00_00_00.5`);
  await Deno.symlink("nowhere", `${dir.path}/..data_tmp`);
  await dir.write("..kcfg-tmp-x", "");
  await dir.write("foreign", "stays");
  const layout = symlinks(dir.path);
  assert.deepEqual(await layout.open(undefined), payload({ a: "1" }));
  assert.deepEqual(await names(dir.path), [layout.current(), "..data", "a", "foreign"]);
});

Deno.test("the symlink layout keeps versions that the state names over a restart, to go back to", async () => {
  await using dir = await tempDir();
  const before = symlinks(dir.path);
  for (const text of ["1", "2", "3"]) await write(before, { a: text });
  const [, second] = before.earlier();
  assert.ok(second !== undefined);
  const layout = symlinks(dir.path);
  const state = { schema: 1, hash: "", dir: before.current(), earlier: [second] } as const;
  const rest = { sources: [], lastReloadHash: null, lastReloadOk: true, files: [] };
  assert.deepEqual(
    await layout.open({ ...state, ...rest, layout: "symlink" }),
    payload({ a: "3" }),
  );
  assert.deepEqual((await names(dir.path)).slice(0, 2), [second.dir, before.current()]);
  assert.deepEqual(await layout.backTo(second.hash), payload({ a: "2" }));
  assert.equal(await Deno.readTextFile(`${dir.path}/a`), "2");
});

Deno.test("the symlink layout replaces a foreign file and refuses a foreign folder", async () => {
  await using dir = await tempDir();
  await dir.write("a", "foreign");
  await dir.write("d/x", "foreign");
  const layout = symlinks(dir.path);
  await layout.open(undefined);
  await write(layout, { a: "ours" });
  assert.equal(await Deno.readTextFile(`${dir.path}/a`), "ours");
  await assert.rejects(prepare(layout, payload({ "d/y": "" })), RefusedVersion);
});

Deno.test("the symlink layout keeps as many versions as it is told", async () => {
  await using dir = await tempDir();
  const clock = { ms: Date.UTC(2026, 0, 1) };
  const layout = symlinks(dir.path, clock);
  await layout.open(undefined);
  for (const text of ["1", "2", "3", "4"]) await write(layout, { a: text });
  const versions = async () => (await names(dir.path)).filter((name) => /^\.\.2026/.test(name));
  // Whoever reads one that was visible a moment ago can finish.
  const first = await hashOf(payload({ a: "1" }));
  assert.ok(await layout.removeOld(1, [first], 10_000));
  assert.equal((await versions()).length, 4);
  clock.ms += 10_000;
  // The one that the application runs with stays, however old it is.
  assert.ok(!await layout.removeOld(1, [first], 10_000));
  assert.equal((await versions()).length, 3);
  await layout.removeOld(1, [], 0);
  assert.equal((await versions()).length, 2);
  assert.equal((await versions()).at(-1), layout.current());
});

Deno.test("the symlink layout puts links where the flat layout had files", async () => {
  await using dir = await tempDir();
  const files = flat(dir.path);
  await files.open(undefined);
  await write(files, { a: "1", "d/b": "2" });
  await dir.write("foreign", "stays");
  const layout = symlinks(dir.path);
  const content = payload({ a: "1", "d/b": "2" });
  assert.deepEqual(await layout.open(stateOf(files)), content);
  assert.ok(await layout.matches(content));
  assert.deepEqual(await names(dir.path), [layout.current(), "..data", "a", "d", "foreign"]);
  assert.equal(await Deno.readTextFile(`${dir.path}/d/b`), "2");
  await write(layout, { a: "3" });
  assert.deepEqual((await names(dir.path)).slice(-2), ["a", "foreign"]);
});

Deno.test("the symlink layout removes old versions also when the clock was put back", async () => {
  await using dir = await tempDir();
  const clock = { ms: Date.UTC(2026, 0, 1) };
  const layout = symlinks(dir.path, clock);
  await layout.open(undefined);
  for (const text of ["1", "2", "3"]) await write(layout, { a: text });
  clock.ms -= 3600_000;
  assert.ok(!await layout.removeOld(1, [], 10_000));
  assert.equal(layout.earlier().length, 1);
});
