/** `kcfg doctor` as a process, where it has to be stopped. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { startKcfg } from "#tests/support/process.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`doctor says nothing and ends with ${code} by ${signal}, its plugin as well`, async () => {
    await using dir = await tempDir();
    const pidFile = `${dir.path}/pid`;
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      interactiveMode: "Never",
      command: "sh",
      args: ["-c", `echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; exec sleep 60`],
    };
    const kubeconfig = JSON.stringify({
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
      clusters: [{ name: "k", cluster: { server: "https://127.0.0.1:1" } }],
      users: [{ name: "u", user: { exec } }],
    });
    const path = await dir.write("config", kubeconfig);
    await using kcfg = startKcfg(["doctor", "--kubeconfig", path]);
    let pid = NaN;
    await eventually("the plugin runs", async () => {
      pid = Number(await Deno.readTextFile(pidFile).catch(() => NaN));
      return pid > 0;
    });
    kcfg.signal(signal);
    assert.equal(await kcfg.exitCode(), code, kcfg.stderr());
    assert.equal(kcfg.stdout() + kcfg.stderr(), "");
    await eventually("the plugin is gone", () => !isRunning(pid));
  });
}

/** One that has ended and that nobody has waited for does not run either. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    // No such process.
    return false;
  }
}
