/** What cannot be read of a mounted volume is said once, and never keeps the rest from being read. */

import assert from "node:assert/strict";
import { denoDirectoryAccess } from "#lib/flags/deno.ts";
import { systemClock } from "#lib/run/clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { createVolumeSource } from "./volume_source.ts";

const { signal } = new AbortController();

Deno.test("createVolumeSource() says of each entry of a plain directory that it leaves out, once, why", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/plain`;
  await dir.write("plain/a", "1");
  await Deno.symlink("/no/such/file", `${path}/dangling`);
  await Deno.symlink("/etc/hostname", `${path}/outside`);
  await Deno.symlink("a", `${path}/inside`);
  const log = new CapturedLog();
  const source = createVolumeSource(path, {}, { clock: systemClock, log });
  await source.load(signal);
  await source.refresh(signal);
  assert.deepEqual([...source.parts()[0]?.entries.keys() ?? []].sort(), ["a", "inside"]);
  const said = log.lines.map(({ fields }) => `${fields["path"]}: ${fields["reason"]}`).sort();
  assert.deepEqual(said, [`${path}/dangling: it leads nowhere`, `${path}/outside: it leads out`]);
});

Deno.test("createVolumeSource() says once that its directory is gone, and goes on when it is back", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "1" });
  const log = new CapturedLog();
  const source = createVolumeSource(volume.path, {}, { clock: systemClock, log });
  await source.load(signal);
  const stopping = new AbortController();
  let [changes, failures] = [0, 0];
  const following = source.follow({
    onChange: () => changes += 1,
    onFailure: () => failures += 1,
    onForced() {},
    onMissing() {},
    onEnd() {},
  }, stopping.signal);
  for (let times = 1; times <= 2; times++) {
    await Deno.rename(volume.path, `${dir.path}/away`);
    await eventually("it is gone", () => source.status()[0]?.present === false);
    await Deno.rename(`${dir.path}/away`, volume.path);
    await eventually("it is back", () => source.status()[0]?.present === true);
  }
  assert.ok(failures >= 2);
  const said = log.messages().filter((text) => text.startsWith("directory cannot be read"));
  assert.equal(said.length, 1);
  await volume.swap({ a: "2" });
  await eventually("it is followed", () => changes > 0);
  stopping.abort();
  await following;
});

Deno.test("createVolumeSource() looks again when events were lost, and when a watch has ended", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/plain`;
  await dir.write("plain/a", "1");
  type Reports = Parameters<typeof denoDirectoryAccess.watch>[1];
  const watches = new Map<string, Reports>();
  const source = createVolumeSource(path, {}, {
    log: new CapturedLog(),
    // A second until there is a new watch is long for a test.
    clock: { ...systemClock, timer: (callback) => systemClock.timer(callback, 5) },
    access: {
      ...denoDirectoryAccess,
      watch(watched, reports) {
        watches.set(watched, reports);
        return Promise.resolve({ closed: Promise.resolve() });
      },
    },
  });
  await source.load(signal);
  const stopping = new AbortController();
  let changes = 0;
  const following = source.follow({
    onChange: () => changes += 1,
    onFailure() {},
    onForced() {},
    onMissing() {},
    onEnd() {},
  }, stopping.signal);
  await Deno.writeTextFile(`${path}/a`, "2");
  await eventually("it is followed", () => changes === 1);
  await Deno.writeTextFile(`${path}/a`, "3");
  watches.get(path)?.onPaths([path]);
  await eventually("it has looked", () => changes === 2);
  await Deno.writeTextFile(`${path}/a`, "4");
  watches.get(path)?.onEnd(new Error("no more watches"));
  await eventually("it has looked again", () => changes === 3);
  stopping.abort();
  await following;
});
