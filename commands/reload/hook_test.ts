/** Programs that options name: bounded in time, their words kept, nobody they leave behind is waited for. */

import assert from "node:assert/strict";
import { systemClock } from "#lib/run/clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import { runHook } from "./hook.ts";

function start(script: string, signal: AbortSignal, timeoutMs = 4000) {
  const lines: string[] = [];
  const onLine = (line: string) => void lines.push(line);
  const argv = ["sh", "-c", script];
  const hook = { argv, env: {}, timeoutMs, clock: systemClock, onLine };
  return { lines, ended: runHook(hook, signal) };
}

Deno.test("runHook() tells how a program ended, with the end of its words", async () => {
  const { signal } = new AbortController();
  const good = start("echo one; echo two >&2; printf three", signal);
  assert.deepEqual(await good.ended, { ok: true });
  assert.deepEqual(good.lines.toSorted(), ["one", "three", "two"]);
  const bad = await start("echo why; exit 3", signal).ended;
  assert.deepEqual(bad, { ok: false, reason: '"sh" ended with status 3', output: "why" });
  const killed = await start("kill -9 $$", signal).ended;
  assert.equal(killed.ok ? "" : killed.reason, '"sh" was ended by SIGKILL');
  const late = await start("sleep 30", signal, 50).ended;
  assert.equal(late.ok ? "" : late.reason, '"sh" did not end within 50 ms');
});

Deno.test("runHook() does not wait for a process that was left behind with the streams, nor ends it", async () => {
  const stopping = new AbortController();
  const left = "(sleep 0.5; echo later; exec sleep 3) & echo now";
  const { lines, ended } = start(`setsid sh -c '${left}'`, stopping.signal, 1000);
  const begun = performance.now();
  assert.deepEqual(await ended, { ok: true });
  assert.ok(performance.now() - begun < 500);
  assert.deepEqual(lines, ["now"]);
  await eventually("what it says later is passed on", () => lines.includes("later"));
  stopping.abort();
});
