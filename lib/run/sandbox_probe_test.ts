/** The probe where nothing is forbidden; what it says behind fences is shown by the scripts in tests/cli. */

import assert from "node:assert/strict";
import { tempDir } from "#tests/support/temp_dir.ts";
import { trySandboxProbe } from "./sandbox_probe.ts";

Deno.test("trySandboxProbe() reports what worked, and other failures than a refusal, as allowed", async () => {
  await using dir = await tempDir();
  const read = await trySandboxProbe(`read:${dir.path}`);
  assert.deepEqual(read, { probe: `read:${dir.path}`, result: "allowed", error: null });
  const absent = await trySandboxProbe(`read:${dir.path}/absent`);
  assert.deepEqual([absent?.result, absent?.error], ["allowed", "NotFound"]);
  assert.equal((await trySandboxProbe(`write:${dir.path}/new`))?.result, "allowed");
  assert.equal((await trySandboxProbe("env:HOME"))?.result, "allowed");
  assert.equal((await trySandboxProbe("run:/bin/true"))?.error, null);
  assert.equal((await trySandboxProbe("sys:hostname"))?.error, null);
  assert.equal((await trySandboxProbe("sys:osRelease"))?.error, null);
  assert.equal((await trySandboxProbe("net:127.0.0.1:1"))?.error, "ConnectionRefused");
});

Deno.test("trySandboxProbe() does not understand other forms", async () => {
  for (const probe of ["", "read", "read:", ":x", "fly:moon"]) {
    assert.equal(await trySandboxProbe(probe), undefined, probe);
  }
});
