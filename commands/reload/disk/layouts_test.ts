/** Versions on the disk: switched at once, taken over after a crash, foreign files left alone. */

import assert from "node:assert/strict";
import { silentLogger } from "#lib/log/logger.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { hashOf, type Payload, RefusedVersion } from "../payload/payload.ts";
import { createFlatLayout } from "./flat_layout.ts";
import type { Layout, PreparedVersion } from "./layout.ts";
import type { SavedState } from "./state_file.ts";
import { createSymlinkLayout } from "./symlink_layout.ts";

const FILES = { fileMode: undefined, dirMode: undefined, owner: undefined, fsync: false };

function payload(content: Record<string, string>): Map<string, Uint8Array> {
  const encoder = new TextEncoder();
  return new Map(Object.entries(content).map(([path, text]) => [path, encoder.encode(text)]));
}

function symlinks(root: string, clock = { ms: Date.UTC(2026, 0, 1) }): Layout {
  return createSymlinkLayout(root, FILES, { now: () => clock.ms++, log: silentLogger });
}

function flat(root: string, claim = () => Promise.resolve()): Layout {
  return createFlatLayout(root, { files: FILES, claim });
}

/** What a run that wrote these files has left. */
function flatState(files: readonly string[]): SavedState {
  return {
    ...{ schema: 1, hash: "", dir: "", earlier: [], sources: [], layout: "flat", files },
    ...{ lastReloadHash: null, lastReloadOk: true },
  };
}

/** As for a version that is validated. */
function prepare(layout: Layout, version: Payload, hash = ""): Promise<PreparedVersion> {
  return layout.prepare(version, { hash, isValidated: true });
}

async function write(layout: Layout, content: Record<string, string>): Promise<void> {
  const version = payload(content);
  await (await prepare(layout, version, await hashOf(version))).switch();
}

const names = async (path: string) =>
  (await Array.fromAsync(Deno.readDir(path), ({ name }) => name)).sort();

Deno.test("both layouts write, change and remove files, and go back", async (t) => {
  for (const name of ["symlink", "flat"] as const) {
    await t.step(name, async () => {
      await using dir = await tempDir();
      const layout = name === "flat" ? flat(dir.path) : symlinks(dir.path);
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
  assert.ok(await layout.removeOld(1, first, 10_000));
  assert.equal((await versions()).length, 4);
  clock.ms += 10_000;
  // The one that the application runs with stays, however old it is.
  assert.ok(!await layout.removeOld(1, first, 10_000));
  assert.equal((await versions()).length, 3);
  await layout.removeOld(1, undefined, 0);
  assert.equal((await versions()).length, 2);
  assert.equal((await versions()).at(-1), layout.current());
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

Deno.test("the flat layout lists a file before it appears, and no longer once it is gone", async () => {
  await using dir = await tempDir();
  const listed: string[][] = [];
  const layout = flat(dir.path, async () => {
    listed.push([...layout.files(), "on disk:", ...await names(dir.path)]);
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
  const layout = flat(dir.path, () => Promise.reject(new Error("disk full")));
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
  await layout.open(flatState(["a", "d/b", "never-written"]));
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
