/** Both platform adapters against the same expectations; Node's layer is there on Deno too. */

import assert from "node:assert/strict";
import { tempDir } from "#tests/support/temp_dir.ts";
import { denoPlatform } from "./deno.ts";
import { nodePlatform } from "./node.ts";

for (const [name, platform] of Object.entries({ deno: denoPlatform(), node: nodePlatform() })) {
  Deno.test(`${name} platform reads files and variables`, async () => {
    await using dir = await tempDir();
    const path = await dir.write("file", "content\n");
    assert.equal(await platform.readTextFile(path), "content\n");
    assert.equal(await platform.readTextFile(`${path}.none`), undefined);
    await assert.rejects(platform.readTextFile(dir.path));
    assert.equal(typeof platform.env("PATH"), "string");
    assert.equal(platform.env("KCFG_TEST_NO_SUCH_VARIABLE"), undefined);
    assert.equal(platform.os, Deno.build.os);
  });

  Deno.test(`${name} platform runs programs`, async (t) => {
    const run = (script: string, signal?: AbortSignal) =>
      platform.run("sh", {
        args: ["-c", script],
        env: { ADDED: "ä" },
        interactive: false,
        signal,
      });
    await t.step("output, variables and exit code", async () => {
      const result = await run('printf %s "$ADDED-${PATH:+path}"; exit 3');
      assert.deepEqual(result, { code: 3, stdout: "ä-path" });
    });
    await t.step("no input", async () => {
      assert.equal((await run("cat; echo end"))?.stdout, "end\n");
    });
    await t.step("not found", async () => {
      const options = { args: [], env: {}, interactive: false };
      assert.equal(await platform.run("kcfg-no-such-program", options), undefined);
    });
    await t.step("what it has started and left behind is not waited for", async () => {
      const started = performance.now();
      const script = "sleep 4 & wait";
      await assert.rejects(run(script, AbortSignal.timeout(50)), { name: "TimeoutError" });
      assert.ok(performance.now() - started < 3000);
    });
    await t.step("killed when it floods", async () => {
      await assert.rejects(run("exec yes"), /it wrote more than 1048576 bytes/);
    });
    await t.step("killed by the signal", async () => {
      const started = performance.now();
      const outcome = await run("exec sleep 4", AbortSignal.timeout(50)).catch(() => "rejected");
      if (typeof outcome === "object") assert.notEqual(outcome.code, 0);
      assert.ok(performance.now() - started < 3000);
    });
  });
}
