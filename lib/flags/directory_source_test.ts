/** Following directories on a real file system; only time is under the tests' control. */

import assert from "node:assert/strict";
import { ManualClock } from "#tests/support/clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { denoDirectoryAccess } from "./deno.ts";
import { directorySource, type DirectorySourceOptions } from "./directory_source.ts";
import type { SourceSnapshot } from "./source.ts";

Deno.test("directorySource() reports a swapped version at once, complete", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "1", b: "1" });
  await using followed = await follow(volume.path);
  await volume.swap({ a: "2", c: "2" });
  const snapshot = await followed.next();
  assert.deepEqual([snapshot.isComplete, texts(snapshot)], [true, { a: "2", c: "2" }]);
  assert.deepEqual(followed.errors, []);
});

Deno.test("directorySource() reports what changed between the first read and the watch", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "1" });
  await using followed = await follow(volume.path, {}, () => volume.swap({ a: "2" }));
  assert.deepEqual(texts(await followed.next()), { a: "2" });
});

Deno.test("directorySource() waits until a plain file is quiet for 50 ms", async () => {
  await using dir = await tempDir();
  await dir.write("cfg/a", "1");
  await using followed = await follow(`${dir.path}/cfg`);
  const { clock } = followed;
  await dir.write("cfg/a", "");
  await eventually("a pending timer", () => clock.pendingTimers === 2);
  await clock.advance(49);
  // The second half of the write comes before the file counts as quiet.
  await dir.write("cfg/a", "2");
  await eventually("a timer begun anew", () => clock.nextTimerMs === 50);
  await clock.advance(49);
  assert.deepEqual(followed.snapshots, []);
  await clock.advance(1);
  const snapshot = await followed.next();
  assert.deepEqual([snapshot.isComplete, texts(snapshot)], [false, { a: "2" }]);
});

Deno.test("directorySource() reads a plain file that is never quiet after a second", async () => {
  await using dir = await tempDir();
  await dir.write("cfg/a", "0");
  await using followed = await follow(`${dir.path}/cfg`);
  const { clock } = followed;
  for (let elapsedMs = 0; elapsedMs < 1000; elapsedMs += 40) {
    await dir.write("cfg/a", `${elapsedMs}`);
    const dueMs = Math.min(50, 1000 - elapsedMs);
    await eventually("the event", () => clock.nextTimerMs === dueMs);
    assert.deepEqual(followed.snapshots, []);
    await clock.advance(40);
  }
  assert.deepEqual(texts(await followed.next()), { a: "960" });
});

Deno.test("directorySource() reports removed and renamed plain files", async () => {
  await using dir = await tempDir();
  await dir.write("cfg/a", "1");
  await dir.write("new", "2");
  await using followed = await follow(`${dir.path}/cfg`);
  await Deno.remove(`${dir.path}/cfg/a`);
  await Deno.rename(`${dir.path}/new`, `${dir.path}/cfg/b`);
  await eventually("two pending files", () => followed.clock.pendingTimers === 3);
  await followed.clock.advance(50);
  const { snapshots } = followed;
  await eventually("the removal", () => snapshots.some(({ removed = [] }) => removed[0] === "a"));
  await eventually("the new file", () => snapshots.some((one) => texts(one)["b"] === "2"));
  assert.ok(snapshots.every(({ isComplete }) => !isComplete));
});

Deno.test("directorySource() ignores dot files and what else lies in the parent directory", async () => {
  await using dir = await tempDir();
  await dir.write("cfg/a", "1");
  await using followed = await follow(`${dir.path}/cfg`);
  await dir.write("cfg_other/a", "2");
  await dir.write("log", "x");
  await dir.write("cfg/.swp", "x");
  await dir.write("cfg/a", "3");
  await eventually("one pending file", () => followed.clock.pendingTimers === 2);
  await followed.clock.advance(50);
  assert.deepEqual(texts(await followed.next()), { a: "3" });
  assert.equal(followed.snapshots.length, 0);
});

Deno.test("directorySource() follows a directory that is a link and gets replaced", async () => {
  await using dir = await tempDir();
  await dir.write("v1/a", "1");
  await dir.write("v2/a", "2");
  await Deno.symlink("v1", `${dir.path}/cfg`);
  await using followed = await follow(`${dir.path}/cfg`);
  await Deno.symlink("v2", `${dir.path}/cfg_tmp`);
  await Deno.rename(`${dir.path}/cfg_tmp`, `${dir.path}/cfg`);
  assert.deepEqual(texts(await followed.next()), { a: "2" });
  // The watch has moved to the new directory.
  await eventually("an event below the new directory", async () => {
    await dir.write("v2/a", "3");
    return followed.clock.pendingTimers > 1;
  });
  await followed.clock.advance(50);
  assert.deepEqual(texts(await followed.next()), { a: "3" });
});

Deno.test("directorySource() reports a directory that vanishes, and goes on when it is back", async () => {
  await using dir = await tempDir();
  await dir.write("cfg/a", "1");
  await using followed = await follow(`${dir.path}/cfg`);
  await Deno.remove(`${dir.path}/cfg`, { recursive: true });
  await eventually("an error", () => followed.errors.length > 0);
  await dir.write("cfg/a", "2");
  await followed.clock.advance(1000);
  await eventually("the new value", async () => {
    await followed.clock.advance(1000);
    return followed.snapshots.some((snapshot) => texts(snapshot)["a"] === "2");
  });
});

Deno.test("directorySource() follows a directory that is removed and made anew at once", async () => {
  await using dir = await tempDir();
  await dir.write("cfg/a", "1");
  await using followed = await follow(`${dir.path}/cfg`);
  await Deno.remove(`${dir.path}/cfg`, { recursive: true });
  await dir.write("cfg/a", "2");
  await eventually("the value of the new directory", async () => {
    await followed.clock.advance(50);
    return followed.snapshots.some((snapshot) => texts(snapshot)["a"] === "2");
  });
  await eventually("an event below the new directory", async () => {
    await dir.write("cfg/a", "3");
    await followed.clock.advance(50);
    return followed.snapshots.some((snapshot) => texts(snapshot)["a"] === "3");
  });
});

Deno.test("directorySource() polls, and reports only what differs", async () => {
  await using dir = await tempDir();
  await dir.write("cfg/a", "1");
  const silent = {
    ...denoDirectoryAccess,
    watch: () => Promise.resolve({ closed: Promise.resolve() }),
  };
  await using followed = await follow(`${dir.path}/cfg`, {
    access: silent,
    pollIntervalMs: 60_000,
  });
  await followed.clock.advance(120_000);
  await dir.write("cfg/a", "2");
  await followed.clock.advance(59_999);
  assert.deepEqual(followed.snapshots, []);
  await followed.clock.advance(1);
  await eventually("the file to be quiet", () => followed.clock.nextTimerMs === 50);
  await followed.clock.advance(50);
  assert.deepEqual(texts(await followed.next()), { a: "2" });
});

Deno.test("directorySource() without polling leaves no timer, and nothing after the abort", async () => {
  await using dir = await tempDir();
  await dir.write("cfg/a", "1");
  const followed = await follow(`${dir.path}/cfg`, { pollIntervalMs: 0 });
  assert.equal(followed.clock.pendingTimers, 0);
  await followed[Symbol.asyncDispose]();
  await dir.write("cfg/a", "2");
  await followed.clock.advance(100_000);
  assert.deepEqual(followed.snapshots, []);
});

interface Followed extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly snapshots: SourceSnapshot[];
  readonly errors: unknown[];
  /** The next reported snapshot. */
  next(): Promise<SourceSnapshot>;
}

/** Reads once and follows; only the poll's timer is pending then. */
async function follow(
  path: string,
  options: Partial<DirectorySourceOptions> = {},
  beforeWatch: () => Promise<void> = () => Promise.resolve(),
): Promise<Followed> {
  const clock = new ManualClock();
  const controller = new AbortController();
  const snapshots: SourceSnapshot[] = [];
  const errors: unknown[] = [];
  const source = directorySource(path, { access: denoDirectoryAccess, clock, ...options });
  await source.read(controller.signal);
  await beforeWatch();
  const { ended } = await source.watch({
    signal: controller.signal,
    onSnapshot: (snapshot) => void snapshots.push(snapshot),
    onError: (err) => void errors.push(err),
  });
  return {
    clock,
    snapshots,
    errors,
    next: () => eventually("a snapshot", () => snapshots.shift()),
    async [Symbol.asyncDispose]() {
      controller.abort();
      await ended;
      assert.equal(clock.pendingTimers, 0);
    },
  };
}

function texts(snapshot: SourceSnapshot): Record<string, string> {
  return Object.fromEntries([...snapshot.items].flatMap(([name, item]) => {
    return "bytes" in item ? [[name, new TextDecoder().decode(item.bytes)]] : [];
  }));
}
