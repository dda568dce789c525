/** The launcher with a worker made of plain functions. */

import assert from "node:assert/strict";
import { testContext } from "#tests/support/context.ts";
import { toGrants } from "./grants.ts";
import { PERMISSION_KINDS } from "./permissions.ts";
import type { PermissionKind } from "./permissions.ts";
import { launchStrict } from "./strict_launcher.ts";
import type { WorkerEvents } from "./strict_launcher.ts";
import type { StrictRun } from "./strict_sandbox.ts";
import type { LauncherMessage } from "./worker_messages.ts";

const RUN: StrictRun = { args: ["x"], env: { A: "1" }, grants: toGrants({ read: ["/a"] }) };

function launcher(run: StrictRun = RUN) {
  const test = testContext();
  const revoked: PermissionKind[] = [];
  const posted: LauncherMessage[] = [];
  const started = Promise.withResolvers<WorkerEvents>();
  const state = { terminated: false };
  const exitCode = launchStrict(run, {
    context: test.context,
    permissions: { query: () => "prompt", revoke: (kind) => revoked.push(kind) },
    startWorker(permissions, events) {
      assert.deepEqual(revoked, [], "a worker cannot get what the launcher no longer has");
      assert.deepEqual([permissions.read, permissions.net], [["/a"], false]);
      started.resolve(events);
      return {
        post: (message) => void posted.push(message),
        terminate: () => state.terminated = true,
      };
    },
  });
  return { ...test, exitCode, revoked, posted, state, events: started.promise };
}

/** Lets the launcher take notice of what happened. */
async function turn(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await Promise.resolve();
}

Deno.test("launchStrict() starts the command only when everything is dropped", async () => {
  const { events, revoked, posted, exitCode, state } = launcher();
  const worker = await events;
  await turn();
  assert.deepEqual(revoked, PERMISSION_KINDS.filter((kind) => kind !== "read"));
  assert.deepEqual(posted, []);
  worker.onMessage({ kind: "loaded" });
  await turn();
  assert.deepEqual(new Set(revoked), new Set(PERMISSION_KINDS));
  assert.deepEqual(posted, [{ kind: "start", args: RUN.args, env: RUN.env, grants: RUN.grants }]);
  assert.ok(!state.terminated);
  worker.onMessage({ kind: "exit", code: 7 });
  assert.equal(await exitCode, 7);
  assert.ok(state.terminated);
});

Deno.test("launchStrict() passes on the stop, also one that came before the start", async (t) => {
  for (const early of [true, false]) {
    await t.step(early ? "before" : "after", async () => {
      const { events, posted, exitCode, stop } = launcher();
      const worker = await events;
      if (early) stop();
      worker.onMessage({ kind: "loaded" });
      await turn();
      if (!early) stop();
      assert.deepEqual(posted.map(({ kind }) => kind), ["start", "stop"]);
      worker.onMessage({ kind: "exit", code: 0 });
      await exitCode;
    });
  }
});

Deno.test("launchStrict() passes on other signals as long as they are wanted", async () => {
  const { events, posted, exitCode, raise } = launcher();
  const worker = await events;
  worker.onMessage({ kind: "loaded" });
  await turn();
  raise("SIGHUP");
  worker.onMessage({ kind: "listen", name: "SIGHUP", wanted: true });
  raise("SIGHUP");
  worker.onMessage({ kind: "listen", name: "SIGHUP", wanted: false });
  raise("SIGHUP");
  assert.deepEqual(posted.slice(1), [{ kind: "signal", name: "SIGHUP" }]);
  worker.onMessage({ kind: "listen", name: "SIGUSR1", wanted: true });
  worker.onMessage({ kind: "exit", code: 0 });
  await exitCode;
  raise("SIGUSR1");
  assert.equal(posted.length, 2);
});

Deno.test("launchStrict() fails with the worker, before the start and after it", async (t) => {
  for (const loaded of [false, true]) {
    await t.step(loaded ? "after" : "before", async () => {
      const { events, exitCode, state } = launcher();
      const worker = await events;
      if (loaded) worker.onMessage({ kind: "loaded" });
      worker.onFailure("gone");
      await assert.rejects(exitCode, /^Error: The strict sandbox failed: gone$/);
      assert.ok(state.terminated);
    });
  }
});

Deno.test("launchStrict() fails when the worker ends without a word", async () => {
  const { events, exitCode } = launcher();
  const worker = await events;
  worker.onMessage({ kind: "loaded" });
  await turn();
  worker.onMessage({ kind: "ended" });
  await assert.rejects(exitCode, /the worker ended without an exit code$/);
});

Deno.test("launchStrict() says why a worker cannot be started", async () => {
  const { context } = testContext();
  const exitCode = launchStrict(RUN, {
    context,
    permissions: { query: () => "prompt", revoke: () => assert.fail("nothing runs") },
    startWorker() {
      throw new TypeError("bad host");
    },
  });
  await assert.rejects(exitCode, /^Error: Cannot start the strict sandbox: bad host$/);
});

Deno.test("launchStrict() ends with what is tried in the launcher itself, and runs nothing", async () => {
  const { events, exitCode, revoked, posted } = launcher({
    ...RUN,
    whenEnclosed() {
      assert.equal(revoked.length, PERMISSION_KINDS.length);
      return Promise.resolve(5);
    },
  });
  (await events).onMessage({ kind: "loaded" });
  assert.equal(await exitCode, 5);
  assert.deepEqual(posted, []);
});
