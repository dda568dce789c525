/** Reloads leave no file open, however many there are. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { startReload, untilReady } from "#tests/support/reload.ts";
import { startReloadTarget } from "#tests/support/reload_target.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const RELOADS = 1000;

Deno.test(`reload: ${RELOADS} reloads leave no file open`, async () => {
  await using dir = await tempDir();
  await using target = startReloadTarget();
  const volume = await kubeletVolume(dir.path, { a: "0" });
  await using kcfg = await startReload([
    ...[`--configroot=${dir.path}/config`, `--volume-dir=${volume.path}`, "--fsync=false"],
    ...[`--reload-http=${target.url}`],
    ...["--reload-min-interval=0", "--enable-admin"],
  ]);
  await untilReady(kcfg);
  const open = async () => (await Array.fromAsync(Deno.readDir(`/proc/${kcfg.pid}/fd`))).length;
  const reload = async () => {
    const response = await fetch(`${kcfg.base}/-/reload`, { method: "POST" });
    assert.match(await response.text(), /"ok":true/);
  };
  for (let run = 1; run <= 20; run++) await reload();
  const before = await open();
  for (let run = 1; run <= RELOADS; run++) {
    if (run % 4 === 0) await volume.swap({ a: String(run) });
    await reload();
  }
  await eventually("the last is there", async () => {
    return await Deno.readTextFile(`${dir.path}/config/a`) === String(RELOADS);
  });
  assert.ok(target.requests.length > RELOADS);
  // A version that is just being written, and our own connection.
  await eventually(`no more than ${before} and a few`, async () => await open() <= before + 2);
});
