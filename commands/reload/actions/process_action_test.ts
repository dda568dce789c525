/** Numbers in a PID file that are no process of an application: nobody is signalled by them. */

import assert from "node:assert/strict";
import { tempDir } from "#tests/support/temp_dir.ts";
import { createPidfileAction } from "./process_action.ts";

const RUN = { hash: "h", previousHash: "", reason: "change", folder: "/c" } as const;

Deno.test("createPidfileAction() signals no group, not everybody, and not kcfg itself", async () => {
  await using dir = await tempDir();
  const file = `${dir.path}/app.pid`;
  // Programs that do not ask for this signal ignore it, should one get it.
  const action = createPidfileAction({ file, signal: "SIGURG" });
  const { signal } = new AbortController();
  for (const text of ["0", "00\n", "4294967295", "4294967296", "4194305", "99999999999999999999"]) {
    await Deno.writeTextFile(file, text);
    await assert.rejects(action.run(RUN, signal), /there is no process/, text);
  }
  await Deno.writeTextFile(file, `${Deno.pid}\n`);
  await assert.rejects(action.run(RUN, signal), /is kcfg itself/);
});
