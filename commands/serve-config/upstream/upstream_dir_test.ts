/** Files below a directory: contained, linked, swapped, bounded. */

import assert from "node:assert/strict";
import { containedRealPath } from "#lib/fs/contained_path.ts";
import { systemClock } from "#lib/run/clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import type { UpstreamChange } from "./upstream.ts";
import { createDirUpstream } from "./upstream_dir.ts";

const NEVER = new AbortController().signal;

function upstreamOf(
  directory: string,
  options: { flatten?: boolean; maxObjectBytes?: number } = {},
) {
  return createDirUpstream(
    { directory, flatten: false, maxObjectBytes: 1000, ...options },
    { clock: systemClock, log: new CapturedLog() },
  );
}

async function load(upstream: ReturnType<typeof upstreamOf>, key: string): Promise<string> {
  const outcome = await upstream.load(key, NEVER);
  if (outcome.kind === "found") return new TextDecoder().decode(outcome.bytes);
  return outcome.kind === "failed" ? `failed ${outcome.status}` : outcome.kind;
}

Deno.test("dir upstream reads files below its directory", async () => {
  await using dir = await tempDir();
  await dir.write("a.yml", "a");
  await dir.write("sub/b.yml", "b");
  await dir.write("empty", "");
  const upstream = upstreamOf(dir.path);
  assert.equal(await load(upstream, "/a.yml"), "a");
  assert.equal(await load(upstream, "//sub///b.yml/"), "b");
  assert.equal(await load(upstream, "/empty"), "");
  assert.equal(await load(upstream, "/absent"), "missing");
});

Deno.test("dir upstream uses only the last element of a key when flattening", async () => {
  await using dir = await tempDir();
  await dir.write("deploy.yml", "x");
  const upstream = upstreamOf(dir.path, { flatten: true });
  assert.equal(await load(upstream, "/a/b/deploy.yml"), "x");
  assert.equal(await load(upstream, "/deploy.yml"), "x");
  assert.equal(await load(upstream, "/"), "missing");
});

Deno.test("dir upstream serves neither folders nor dot files nor what lies below a file", async () => {
  await using dir = await tempDir();
  await dir.write(".hidden", "x");
  await dir.write("sub/.git/config", "x");
  await dir.write("file", "x");
  const upstream = upstreamOf(dir.path);
  for (const key of ["/", "/sub", "/.hidden", "/sub/.git/config", "/file/below", "/..data/x"]) {
    assert.equal(await load(upstream, key), "missing", key);
  }
});

Deno.test("dir upstream follows links inside its directory and none that lead out", async () => {
  await using dir = await tempDir();
  await dir.write("outside", "secret");
  await dir.write("served/real", "x");
  await Deno.symlink("real", `${dir.path}/served/link`);
  await Deno.symlink("../outside", `${dir.path}/served/escape`);
  await Deno.symlink("..", `${dir.path}/served/up`);
  await Deno.symlink("loop", `${dir.path}/served/loop`);
  await Deno.symlink("nowhere", `${dir.path}/served/dangling`);
  const upstream = upstreamOf(`${dir.path}/served`);
  assert.equal(await load(upstream, "/link"), "x");
  assert.equal(await load(upstream, "/escape"), "missing");
  assert.equal(await load(upstream, "/up/outside"), "missing");
  assert.equal(await load(upstream, "/loop"), "failed 0");
  assert.equal(await load(upstream, "/dangling"), "missing");
});

Deno.test("dir upstream reads regular files only, up to the limit", async () => {
  await using dir = await tempDir();
  await dir.write("exact", "x".repeat(1000));
  await dir.write("over", "x".repeat(1001));
  await new Deno.Command("mkfifo", { args: [`${dir.path}/pipe`] }).output();
  const upstream = upstreamOf(dir.path);
  assert.equal((await load(upstream, "/exact")).length, 1000);
  assert.equal(await load(upstream, "/over"), "too-large");
  assert.equal(await load(upstream, "/pipe"), "missing");
});

Deno.test("dir upstream reports other errors of the file system as failures", async () => {
  await using dir = await tempDir();
  assert.equal(await load(upstreamOf(dir.path), `/${"n".repeat(300)}`), "failed 0");
});

Deno.test("dir upstream stops reading when nobody waits", async () => {
  await using dir = await tempDir();
  await dir.write("a", "x");
  const reason = new Error("nobody waits");
  await assert.rejects(upstreamOf(dir.path).load("/a", AbortSignal.abort(reason)), reason);
});

Deno.test("dir upstream looks again when a volume was swapped while its links were followed", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { "a.yml": "old" });
  let looks = 0;
  const upstream = createDirUpstream(
    { directory: volume.path, flatten: false, maxObjectBytes: 1000 },
    {
      clock: systemClock,
      log: new CapturedLog(),
      async resolve(root, path) {
        looks += 1;
        if (looks > 1) return await containedRealPath(root, path);
        await volume.swap({ "a.yml": "new" });
        return "absent";
      },
    },
  );
  assert.equal(await load(upstream, "/a.yml"), "new");
  assert.equal(looks, 2);
  await volume.swap({});
  assert.equal(await load(upstream, "/a.yml"), "missing");
});

Deno.test("dir upstream always finds a file of a volume that is being swapped", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { "a.yml": "0" });
  const upstream = upstreamOf(volume.path);
  let swapping = true;
  const swapper = (async () => {
    for (let i = 1; i <= 300; i++) await volume.swap({ "a.yml": String(i) });
    swapping = false;
  })();
  const reader = async () => {
    for (let last = 0; swapping;) {
      const text = await load(upstream, "/a.yml");
      assert.ok(Number(text) >= last, `version ${text} after ${last}`);
      last = Number(text);
    }
  };
  await Promise.all([swapper, ...Array.from({ length: 8 }, reader)]);
  assert.equal(await load(upstream, "/a.yml"), "300");
});

Deno.test("dir upstream reports changes by key, links and flattened names included", async (t) => {
  async function changeOf(
    setup: { flatten?: boolean },
    steps: (dir: Awaited<ReturnType<typeof tempDir>>, root: string) => Promise<void>,
    loaded: string[],
  ): Promise<(key: string) => boolean> {
    await using dir = await tempDir();
    await dir.write("served/a.yml", "1");
    await dir.write("served/b.yml", "1");
    await dir.write("served/sub/c.yml", "1");
    await Deno.symlink("a.yml", `${dir.path}/served/link.yml`);
    const upstream = upstreamOf(`${dir.path}/served`, setup);
    const changes: UpstreamChange[] = [];
    const stop = new AbortController();
    const { finished } = await upstream.watch((change) => changes.push(change), stop.signal);
    for (const key of loaded) await load(upstream, key);
    await steps(dir, `${dir.path}/served`);
    await eventually("a change is reported", () => changes.length > 0);
    stop.abort();
    await finished;
    return (key) => changes.some((change) => change.affects(key));
  }
  await t.step("the file itself, whatever slashes its key has", async () => {
    const affects = await changeOf(
      {},
      async (dir) => void await dir.write("served/a.yml", "2"),
      [],
    );
    assert.ok(affects("/a.yml") && affects("//a.yml/"));
    assert.ok(!affects("/b.yml"));
  });
  await t.step("a link to it", async () => {
    const affects = await changeOf(
      {},
      async (dir) => void await dir.write("served/a.yml", "2"),
      ["/link.yml", "/b.yml"],
    );
    assert.ok(affects("/link.yml"));
    assert.ok(!affects("/b.yml"));
  });
  await t.step("every key that flattens to it", async () => {
    const affects = await changeOf(
      { flatten: true },
      async (dir) => void await dir.write("served/a.yml", "2"),
      [],
    );
    assert.ok(affects("/x/a.yml") && affects("/y/z/a.yml"));
    assert.ok(!affects("/x/b.yml"));
  });
  await t.step("what lay in a folder that was moved away", async () => {
    const affects = await changeOf(
      {},
      async (dir, root) => await Deno.rename(`${root}/sub`, `${dir.path}/gone`),
      [],
    );
    assert.ok(affects("/sub/c.yml"));
  });
});
