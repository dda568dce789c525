/** `kcfg resolve` that is stopped before its first output ends as shells know it, and one that nobody reads, well. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { startKcfg } from "#tests/support/process.ts";
import { slice } from "#tests/support/slices.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

for (const [signal, code] of [["SIGTERM", 143], ["SIGINT", 130]] as const) {
  for (const flags of [[], ["--watch"]]) {
    Deno.test(`resolve ${flags.join(" ")} ends with ${code} after ${signal} before its first output`, async () => {
      await using server = await startKubeServer();
      await using dir = await tempDir();
      server.inject({ kind: "hang" }, { times: Infinity });
      const config = await dir.write("config", server.kubeconfig());
      await using kcfg = startKcfg(["resolve", ...flags, "--kubeconfig", config, "web.prod"]);
      await eventually("it has asked", () => server.requests.length > 0);
      kcfg.signal(signal);
      assert.equal(await kcfg.exitCode(), code);
      assert.equal(kcfg.stdout(), "");
    });
  }
}

Deno.test("resolve --watch ends with 0 when its reader has gone", async () => {
  await using server = await startKubeServer();
  await using dir = await tempDir();
  server.put(slice("web-1", { endpoints: ["10.0.0.1"] }));
  const config = await dir.write("config", server.kubeconfig());
  await using kcfg = startKcfg(["resolve", "--watch", "--kubeconfig", config, "web.prod"]);
  await eventually("it has printed the state", () => kcfg.stdout().includes("10.0.0.1"));
  await kcfg.leaveStdout();
  server.put(slice("web-1", { endpoints: ["10.0.0.2"] }));
  assert.equal(await kcfg.exitCode(), 0, kcfg.stderr());
});
