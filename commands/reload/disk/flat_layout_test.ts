/** The flat layout: files at their places, foreign ones left alone, versions to go back to. */

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

Deno.test("the flat layout lists a file before it appears, and no longer once it is gone", async () => {
  await using dir = await tempDir();
  const listed: string[][] = [];
  const layout = flat(dir.path, {
    claim: async () => {
      listed.push([...layout.files(), "on disk:", ...await names(dir.path)]);
    },
  });
  await layout.open(undefined);
  await write(layout, { a: "1", b: "1" });
  await write(layout, { a: "2", b: "2" });
  await write(layout, { b: "2", c: "2" });
  const [first, second, ...more] = listed;
  assert.deepEqual([first?.slice(0, 3), more], [["a", "b", "on disk:"], []]);
  assert.ok(!first?.slice(3).includes("a"));
  assert.deepEqual(second?.slice(0, 4), ["a", "b", "c", "on disk:"]);
  assert.deepEqual(layout.files(), ["b", "c"]);
});

Deno.test("the flat layout writes nothing that it cannot list", async () => {
  await using dir = await tempDir();
  const layout = flat(dir.path, { claim: () => Promise.reject(new Error("disk full")) });
  await layout.open(undefined);
  await assert.rejects(write(layout, { a: "1" }), /disk full/);
  assert.deepEqual(await names(dir.path), []);
});

Deno.test("a write of the flat layout that fails half-way is put right by the next one", async () => {
  await using dir = await tempDir();
  const layout = flat(dir.path);
  await layout.open(undefined);
  await write(layout, { a: "1", z: "1" });
  const version = payload({ a: "2", m: "2", "z/in": "2", zz: "2" });
  const prepared = await prepare(layout, version);
  // Comes between the look and the write, so that the third file fails.
  await Deno.remove(`${dir.path}/z`);
  await dir.write("z/in/foreign", "stays");
  await assert.rejects(prepared.switch());
  assert.deepEqual(await names(dir.path), ["a", "m", "z"]);
  // It is not what it was, although the old version's own files are all that is asked for.
  await Deno.remove(`${dir.path}/z`, { recursive: true });
  const before = payload({ a: "1", z: "1" });
  await dir.write("a", "1");
  await dir.write("z", "1");
  assert.ok(!await layout.matches(before));
  await write(layout, { a: "1", z: "1" });
  assert.deepEqual(await names(dir.path), ["a", "z"]);
});

Deno.test("the flat layout copies a version for a validation alone", async () => {
  await using dir = await tempDir();
  const layout = flat(dir.path);
  await layout.open(undefined);
  const version = payload({ a: "1" });
  const validated = await prepare(layout, version);
  assert.equal(await Deno.readTextFile(`${validated.folder}/a`), "1");
  await validated.discard();
  const { folder } = await layout.prepare(version, { hash: "", isValidated: false });
  assert.equal(folder, dir.path);
  assert.deepEqual(await names(dir.path), []);
});

Deno.test("a version that the flat layout cannot copy leaves nothing behind", async () => {
  await using dir = await tempDir();
  const layout = flat(dir.path);
  await layout.open(undefined);
  await assert.rejects(prepare(layout, payload({ a: "1", ["b".repeat(300)]: "2" })));
  assert.deepEqual(await names(dir.path), []);
});

Deno.test("the flat layout takes over what a run that was killed had listed", async () => {
  await using dir = await tempDir();
  await dir.write("a", "1");
  await dir.write("d/b", "half of the next version");
  await dir.write("..kcfg-tmp-x/a", "left over");
  await dir.write("d/..kcfg-tmp-y", "left over");
  await dir.write("foreign/..kcfg-tmp-z", "not looked at");
  const layout = flat(dir.path);
  await layout.open(stateOf(layout, { files: ["a", "d/b", "never-written"] }));
  await write(layout, { a: "1" });
  assert.deepEqual(await names(dir.path), ["a", "foreign"]);
  assert.deepEqual(await names(`${dir.path}/foreign`), ["..kcfg-tmp-z"]);
});

Deno.test("the flat layout turns its own files into folders and back, foreign ones never", async () => {
  await using dir = await tempDir();
  const layout = flat(dir.path);
  await layout.open(undefined);
  await write(layout, { a: "1", b: "1" });
  await write(layout, { "a/in/deep": "2", b: "2" });
  assert.equal(await Deno.readTextFile(`${dir.path}/a/in/deep`), "2");
  await write(layout, { a: "3" });
  assert.equal(await Deno.readTextFile(`${dir.path}/a`), "3");
  assert.deepEqual(await names(dir.path), ["a"]);
  await dir.write("file", "foreign");
  await dir.write("folder/x", "foreign");
  await Deno.symlink("folder", `${dir.path}/link`);
  for (const path of ["file/y", "folder", "link/y"]) {
    await assert.rejects(prepare(layout, payload({ [path]: "" })), RefusedVersion);
  }
  // What somebody has put in the place of a file of ours is not removed either.
  await Deno.remove(`${dir.path}/a`);
  await dir.write("a/x", "foreign");
  await write(layout, { b: "4" });
  assert.equal(await Deno.readTextFile(`${dir.path}/a/x`), "foreign");
});

Deno.test("the flat layout keeps a version to go back to, also over a restart", async () => {
  await using dir = await tempDir();
  const claims: string[][] = [];
  const before = flat(dir.path, {
    keepsEarlier: true,
    claim: async () => void claims.push([await Deno.readTextFile(`${dir.path}/a`).catch(() => "")]),
  });
  await before.open(undefined);
  await write(before, { a: "1", "d/b": "1" });
  await write(before, { a: "2", c: "2" });
  const good = await hashOf(payload({ a: "1", "d/b": "1" }));
  // Named before the files change, or a start after a crash would remove it.
  assert.deepEqual(claims.slice(0, 2), [[""], ["1"]]);
  await Deno.mkdir(`${dir.path}/..2026_01_01_00_00_00.5`);
  const layout = flat(dir.path, { keepsEarlier: true });
  await layout.open(stateOf(before));
  assert.equal((await names(dir.path)).filter((name) => name.startsWith("..")).length, 1);
  assert.equal(await layout.backTo("unknown"), undefined);
  assert.deepEqual(await layout.backTo(good), payload({ a: "1", "d/b": "1" }));
  assert.deepEqual(await names(dir.path), ["a", "d"]);
});

Deno.test("the flat layout goes back to no copy that somebody has changed, and keeps no more than it must", async () => {
  await using dir = await tempDir();
  const layout = flat(dir.path, { keepsEarlier: true });
  await layout.open(undefined);
  for (const text of ["1", "2", "3", "4"]) await write(layout, { a: text });
  const [first, second] = layout.earlier();
  assert.ok(first !== undefined && second !== undefined);
  await layout.removeOld(1, [first.hash], 0);
  assert.equal(layout.earlier().length, 2);
  assert.equal((await names(dir.path)).filter((name) => name.startsWith("..")).length, 2);
  await Deno.writeTextFile(`${dir.path}/${first.dir}/a`, "changed");
  assert.equal(await layout.backTo(first.hash), undefined);
  assert.equal(await Deno.readTextFile(`${dir.path}/a`), "4");
});

Deno.test("the flat layout puts files where the symlink layout had links", async () => {
  await using dir = await tempDir();
  const links = symlinks(dir.path);
  await links.open(undefined);
  await write(links, { a: "1", "d/b": "2" });
  await dir.write("foreign", "stays");
  const layout = flat(dir.path);
  const content = payload({ a: "1", "d/b": "2" });
  assert.deepEqual(await layout.open(stateOf(links)), content);
  assert.ok(await layout.matches(content));
  assert.deepEqual(await names(dir.path), ["a", "d", "foreign"]);
  assert.ok((await Deno.lstat(`${dir.path}/a`)).isFile);
  assert.ok((await Deno.lstat(`${dir.path}/d`)).isDirectory);
  await write(layout, { a: "3" });
  assert.deepEqual(await names(dir.path), ["a", "foreign"]);
});
