/** An application that dies of a version is started once more, with the version before (reload.md 7.5). */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { startReload, untilReady } from "#tests/support/reload.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const APPLICATION = `#!/bin/sh
show() { echo "$1 $(cat "$KCFG_CONFIG_ROOT/a")"; }
trap 'show reload; case "$(cat "$KCFG_CONFIG_ROOT/a")" in bad) exit 9;; late) sleep 0.6; exit 9;; esac' HUP
trap 'exit 0' TERM
show start
while :; do sleep 0.05; done
`;

Deno.test("reload: an application that dies of a version runs again with the one before", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "1" });
  const program = await dir.write("app.sh", APPLICATION);
  await using kcfg = await startReload([
    ...[`--configroot=${dir.path}/config`, `--volume-dir=${volume.path}`, "--rollback"],
    ...["--reload-min-interval=0", "--", "/bin/sh", program],
  ]);
  await untilReady(kcfg);
  await eventually("it starts", () => kcfg.stdout().includes("start 1"));
  await volume.swap({ a: "bad" });
  await eventually("it runs again", () => kcfg.stdout().split("start 1").length === 3);
  assert.equal((await kcfg.status()).state, "rolled-back");
  assert.equal(await Deno.readTextFile(`${dir.path}/config/a`), "1");
  await volume.swap({ a: "2" });
  await eventually("the next one is taken", () => kcfg.stdout().includes("reload 2"));
  await eventually("all is well", async () => (await kcfg.status()).state === "synced");
  // Around an application it may look at its own descriptors.
  assert.ok(await kcfg.metric("process_open_fds") > 5);
  kcfg.signal("SIGTERM");
  assert.equal(await kcfg.exitCode(), 0);
});

Deno.test("reload: an application that dies a while after it has heard runs again with the one before", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "1" });
  const program = await dir.write("app.sh", APPLICATION);
  for (const layout of ["symlink", "flat"]) {
    await volume.swap({ a: "1" });
    await using kcfg = await startReload([
      ...[`--configroot=${dir.path}/${layout}`, `--volume-dir=${volume.path}`, "--rollback"],
      ...[`--layout=${layout}`, "--reload-min-interval=0", "--", "/bin/sh", program],
    ]);
    await untilReady(kcfg);
    await eventually("it starts", () => kcfg.stdout().includes("start 1"));
    await volume.swap({ a: "late" });
    await eventually("it has heard", () => kcfg.logLine("application reloaded"));
    await eventually("it runs again", () => kcfg.stdout().split("start 1").length === 3);
    assert.equal((await kcfg.status()).state, "rolled-back");
    assert.equal(await kcfg.metric("kcfg_reload_pending"), 1);
    kcfg.signal("SIGTERM");
    assert.equal(await kcfg.exitCode(), 0);
  }
});
