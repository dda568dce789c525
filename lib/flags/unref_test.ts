/** An updater that must not keep its process alive (flags-watch.md 10), in a process of its own. */

import assert from "node:assert/strict";
import { tempDir } from "#tests/support/temp_dir.ts";

const PROGRAM = `
import { directorySource, FlagSet, setup } from "${import.meta.resolve("./mod.ts")}";
import { denoDirectoryAccess } from "${import.meta.resolve("./deno.ts")}";

const flags = new FlagSet();
const limit = flags.int("limit", 1);
const source = directorySource(Deno.args[0], { access: denoDirectoryAccess });
await setup(flags, source, { unref: Deno.args[1] === "unref" });
console.log(limit.value);
`;

Deno.test("Updater keeps its process alive, unless told not to", async () => {
  await using dir = await tempDir();
  await dir.write("values/limit", "5");
  const program = await dir.write("program.ts", PROGRAM);
  const config = new URL(import.meta.resolve("../../deno.json")).pathname;
  const start = (word: string, signal: AbortSignal) =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--config", config, program, `${dir.path}/values`, word],
      signal,
    }).output();
  const free = await start("unref", AbortSignal.timeout(4500));
  assert.deepEqual([free.code, new TextDecoder().decode(free.stdout)], [0, "5\n"]);
  const kept = await start("", AbortSignal.timeout(1500));
  assert.equal(kept.signal, "SIGTERM");
});
