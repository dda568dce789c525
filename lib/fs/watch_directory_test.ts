/** Noticing changes, by events and by looking again. */

import assert from "node:assert/strict";
import { ManualClock } from "#tests/support/clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { systemClock } from "#lib/run/clock.ts";
import type { Clock } from "#lib/run/clock.ts";
import { watchDirectory } from "./watch_directory.ts";
import type { DirectoryChange } from "./watch_directory.ts";

async function watching(root: string, options: { clock?: Clock; events?: boolean } = {}) {
  const stop = new AbortController();
  const changes: DirectoryChange[] = [];
  const log = new CapturedLog();
  const { finished } = await watchDirectory(root, {
    signal: stop.signal,
    onChange: (change) => changes.push(change),
    ...(options.events !== undefined && { events: options.events }),
  }, { clock: options.clock ?? systemClock, log });
  return {
    changes,
    log,
    paths: () => changes.flatMap((change) => change.kind === "paths" ? change.paths : ["swap"]),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await finished;
    },
  };
}

Deno.test("watchDirectory() reports a written, a new and a removed file by relative path", async () => {
  await using dir = await tempDir();
  await dir.write("sub/a.yml", "1");
  await using watch = await watching(dir.path);
  await dir.write("sub/a.yml", "2");
  await eventually("the change is seen", () => watch.paths().includes("sub/a.yml"));
  await dir.write("b.yml", "1");
  await eventually("the new file is seen", () => watch.paths().includes("b.yml"));
  watch.changes.length = 0;
  await Deno.remove(`${dir.path}/b.yml`);
  await eventually("the removal is seen", () => watch.paths().includes("b.yml"));
});

Deno.test("watchDirectory() reports files of a folder that came as a whole", async () => {
  await using dir = await tempDir();
  await using other = await tempDir();
  await other.write("new/deep/a.yml", "1");
  await using watch = await watching(dir.path);
  await Deno.rename(`${other.path}/new`, `${dir.path}/new`);
  await eventually(
    "the folder or its file is seen",
    () => watch.paths().some((path) => path === "new" || path === "new/deep/a.yml"),
  );
});

Deno.test("watchDirectory() reports the kubelet's swap as one", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { "a.yml": "1" });
  await using watch = await watching(volume.path);
  await volume.swap({ "a.yml": "2" });
  await eventually("the swap is seen", () => watch.changes.some(({ kind }) => kind === "swap"));
});

Deno.test("watchDirectory() finds changes by looking again when there are no events", async () => {
  await using dir = await tempDir();
  await dir.write("a.yml", "1");
  const clock = new ManualClock();
  await using watch = await watching(dir.path, { clock, events: false });
  await dir.write("a.yml", "22");
  await dir.write("b.yml", "1");
  await clock.advance(29_999);
  assert.deepEqual(watch.paths(), []);
  await clock.advance(1);
  await eventually("both are found", () => watch.paths().length === 2);
  assert.deepEqual(watch.paths().sort(), ["a.yml", "b.yml"]);
});

Deno.test("watchDirectory() waits for a root that is not there yet", async () => {
  await using dir = await tempDir();
  const clock = new ManualClock();
  const root = `${dir.path}/later`;
  await using watch = await watching(root, { clock });
  assert.deepEqual(watch.log.messages("warn"), [
    "file events are not available, changes are found by looking again",
  ]);
  await dir.write("later/a.yml", "1");
  await clock.advance(30_000);
  await eventually("the file is found", () => watch.paths().includes("a.yml"));
});

Deno.test("watchDirectory() releases everything when stopped, also before it began", async () => {
  await using dir = await tempDir();
  const { finished } = await watchDirectory(dir.path, {
    signal: AbortSignal.abort(),
    onChange: () => {},
  }, { clock: systemClock, log: new CapturedLog() });
  await finished;
});
