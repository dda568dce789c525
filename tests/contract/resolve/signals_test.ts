/** `kcfg resolve` that is stopped before its first output ends as shells know it. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { startKcfg } from "#tests/support/process.ts";
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
