/** The worker's half with a launcher made of plain functions. */

import assert from "node:assert/strict";
import { toGrants } from "./grants.ts";
import { openWorker } from "./strict_worker.ts";
import type { LauncherMessage, WorkerMessage } from "./worker_messages.ts";

const GRANTS = toGrants({ net: ["127.0.0.1:1"] });

function worker() {
  const posted: WorkerMessage[] = [];
  const receivers: ((message: LauncherMessage) => void)[] = [];
  const opened = openWorker({
    post: (message) => void posted.push(message),
    receive: (onMessage) => void receivers.push(onMessage),
  });
  const tell = (message: LauncherMessage) => receivers.forEach((receive) => receive(message));
  tell({ kind: "start", args: ["a", "b"], env: { A: "1" }, grants: GRANTS });
  return { posted, opened, tell };
}

Deno.test("openWorker() has what the launcher told, and nothing of the process", async () => {
  const { opened, posted } = worker();
  const { args, context, strict } = await opened;
  assert.deepEqual(posted, [{ kind: "loaded" }]);
  assert.deepEqual(args, ["a", "b"]);
  assert.deepEqual(context.env, { A: "1" });
  assert.deepEqual(strict, { kind: "worker", grants: GRANTS });
});

Deno.test("openWorker() is stopped by message and leaves by message", async () => {
  const { opened, posted, tell } = worker();
  const { context, exit } = await opened;
  assert.ok(!context.signal.aborted);
  tell({ kind: "stop", name: "SIGTERM" });
  assert.ok(context.signal.aborted);
  exit(3);
  assert.deepEqual(posted.at(-1), { kind: "exit", code: 3 });
});

Deno.test("openWorker() asks for a signal once, however many listen, until the last is gone", async () => {
  const { opened, posted, tell } = worker();
  const { context } = await opened;
  const heard: string[] = [];
  const first = context.onSignal("SIGHUP", () => heard.push("first"));
  const second = context.onSignal("SIGHUP", () => heard.push("second"));
  tell({ kind: "signal", name: "SIGHUP" });
  tell({ kind: "signal", name: "SIGUSR1" });
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  tell({ kind: "signal", name: "SIGHUP" });
  second[Symbol.dispose]();
  tell({ kind: "signal", name: "SIGHUP" });
  assert.deepEqual(heard, ["first", "second", "second"]);
  assert.deepEqual(posted.slice(1), [
    { kind: "listen", name: "SIGHUP", wanted: true },
    { kind: "listen", name: "SIGHUP", wanted: false },
  ]);
});
