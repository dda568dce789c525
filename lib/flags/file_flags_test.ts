/** Companion flags. */

import assert from "node:assert/strict";
import { tempDir } from "#tests/support/temp_dir.ts";
import { denoDirectoryAccess } from "./deno.ts";
import { setFlag } from "./endpoint.ts";
import { declareFileFlag, readFileFlags } from "./file_flags.ts";
import { FlagSet } from "./flag_set.ts";

const { readFile } = denoDirectoryAccess;

Deno.test("readFileFlags() sets flags from the files their companions name", async () => {
  await using dir = await tempDir();
  const flags = new FlagSet();
  const doc = flags.json("doc", { a: 1 });
  const blob = flags.binary("blob", new Uint8Array());
  const idle = flags.int("idle", 1);
  declareFileFlag(flags, "doc", await dir.write("doc.json", ' {"a": 2}\n'));
  declareFileFlag(flags, "blob");
  declareFileFlag(flags, "idle");
  flags.set("blob_path", await dir.write("blob", Uint8Array.of(0, 1)));
  await readFileFlags(flags, readFile);
  assert.deepEqual([doc.value, blob.value, idle.value], [{ a: 2 }, Uint8Array.of(0, 1), 1]);
  assert.equal(flags.entry("doc")?.source, "cli");
});

Deno.test("readFileFlags() lists every file that fails, and reads the others", async () => {
  await using dir = await tempDir();
  const flags = new FlagSet();
  const c = flags.int("c", 0);
  for (const name of ["a", "b"]) flags.int(name, 0);
  declareFileFlag(flags, "a", `${dir.path}/nope`);
  declareFileFlag(flags, "b", await dir.write("b", "x"));
  declareFileFlag(flags, "c", await dir.write("c", "3"));
  await assert.rejects(readFileFlags(flags, readFile), {
    name: "AggregateError",
    message: `Cannot read 2 flags from files: flag a: no such file: ${dir.path}/nope; ` +
      'flag b: strconv.ParseInt: parsing "x": invalid syntax',
  });
  assert.equal(c.value, 3);
});

Deno.test("readFileFlags() tells no secret", async () => {
  await using dir = await tempDir();
  const flags = new FlagSet();
  flags.int("pin", 0, "", { secret: true });
  flags.int("code", 0, "", { secret: true });
  declareFileFlag(flags, "pin", await dir.write("pin", "hunter2"));
  declareFileFlag(flags, "code", `${dir.path}/nope`);
  await assert.rejects(readFileFlags(flags, readFile), {
    // That a file is not there says nothing about its content.
    message: `Cannot read 2 flags from files: flag code: no such file: ${dir.path}/nope; ` +
      "flag pin: refused",
  });
});

Deno.test("a companion lists as what it is for, whatever its path", () => {
  const flags = new FlagSet();
  flags.int("a", 0);
  const path = declareFileFlag(flags, "a", "/one");
  const before = flags.checksum();
  flags.set("a_path", "/two");
  assert.deepEqual([path.value, `${path}`, path.isChanged], ["/two", "fileread_for(a)", false]);
  assert.equal(flags.checksum(), before);
  assert.throws(() => declareFileFlag(flags, "b"), {
    message: 'Cannot declare flag "b_path": flag "b" is not declared',
  });
});

Deno.test("setFlag() refuses companions unless paths may be set", async () => {
  const flags = new FlagSet();
  flags.int("a", 0);
  const path = declareFileFlag(flags, "a");
  const request = () => new Request("http://flags.test/set?name=a_path&value=/etc/passwd");
  const refused = await setFlag(flags, request(), { setUrl: "/set" });
  assert.deepEqual([refused.status, await refused.text()], [403, "setting paths is not enabled"]);
  assert.equal(path.value, "");
  const allowed = await setFlag(flags, request(), { setUrl: "/set", allowSetPaths: true });
  assert.deepEqual([allowed.status, path.value], [200, "/etc/passwd"]);
});
