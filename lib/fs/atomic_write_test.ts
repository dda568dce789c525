/** Whole files or none. */

import assert from "node:assert/strict";
import { tempDir } from "#tests/support/temp_dir.ts";
import { writeFileAtomically } from "./atomic_write.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

async function names(path: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(path))).map((entry) => entry.name).sort();
}

Deno.test("writeFileAtomically() writes, replaces and keeps equal content", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a.conf`;
  assert.equal(await writeFileAtomically(path, bytes("one"), { mode: 0o600 }), "written");
  assert.equal((await Deno.stat(path)).mode ?? 0, 0o100600);
  const before = await Deno.stat(path);
  assert.equal(await writeFileAtomically(path, bytes("one")), "unchanged");
  assert.equal((await Deno.stat(path)).ino, before.ino);
  assert.equal(await writeFileAtomically(path, bytes("two"), { sync: false }), "written");
  assert.equal(await Deno.readTextFile(path), "two");
  assert.deepEqual(await names(dir.path), ["a.conf"]);
});

Deno.test("writeFileAtomically() writes a bare name into the working directory", async () => {
  const name = `kcfg-${crypto.randomUUID()}.env`;
  try {
    assert.equal(await writeFileAtomically(name, bytes("one")), "written");
    assert.equal(await Deno.readTextFile(name), "one");
  } finally {
    await Deno.remove(name);
  }
});

Deno.test("writeFileAtomically() replaces a link, not what it points to", async () => {
  await using dir = await tempDir();
  const target = await dir.write("target", "one");
  await Deno.symlink(target, `${dir.path}/link`);
  await writeFileAtomically(`${dir.path}/link`, bytes("one"));
  assert.equal(await Deno.readTextFile(target), "one");
  assert.ok((await Deno.lstat(`${dir.path}/link`)).isFile);
});

Deno.test("writeFileAtomically() leaves nothing behind when it fails, and names the path", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(`${dir.path}/taken`);
  await assert.rejects(
    writeFileAtomically(`${dir.path}/taken`, bytes("x")),
    /Cannot write ".*taken"/,
  );
  assert.deepEqual(await names(dir.path), ["taken"]);
  await assert.rejects(writeFileAtomically(`${dir.path}/absent/x`, bytes("x")), /Cannot write/);
});

Deno.test("writeFileAtomically() never shows a reader half a file", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a`;
  const versions = ["a", "b"].map((letter) => bytes(letter.repeat(100_000)));
  await writeFileAtomically(path, versions[0] ?? bytes(""));
  let writing = true;
  const writer = (async () => {
    for (let i = 0; i < 40; i++) {
      await writeFileAtomically(path, versions[i % 2] ?? bytes(""), { sync: false });
    }
    writing = false;
  })();
  while (writing) {
    const text = await Deno.readTextFile(path);
    assert.equal(text.length, 100_000);
    assert.equal(new Set(text).size, 1);
  }
  await writer;
});
