/** Waiting on a clock. */

import assert from "node:assert/strict";
import { ManualClock, settle } from "#tests/support/clock.ts";
import { sleep, systemClock } from "./clock.ts";

Deno.test("sleep() ends when its time has come and leaves no timer", async () => {
  const clock = new ManualClock();
  let done = false;
  const sleeping = sleep(1000, { clock }).then(() => done = true);
  await clock.advance(999);
  assert.ok(!done);
  await clock.advance(1);
  await sleeping;
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("sleep() rejects with the signal's reason, before or during the wait", async () => {
  const clock = new ManualClock();
  const reason = new Error("stopped");
  await assert.rejects(sleep(1, { clock, signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  const sleeping = sleep(1000, { clock, signal: controller.signal });
  await settle();
  controller.abort(reason);
  await assert.rejects(sleeping, reason);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("systemClock.timer() fires once, and not after cancel", async () => {
  const fired: string[] = [];
  const cancelled = systemClock.timer(() => fired.push("cancelled"), 1);
  cancelled.cancel();
  cancelled.cancel();
  await new Promise<void>((resolve) => systemClock.timer(resolve, 2));
  assert.deepEqual(fired, []);
});

Deno.test("systemClock.timer() does not fire at once for a delay beyond the runtime's range", async () => {
  let fired = false;
  const timer = systemClock.timer(() => fired = true, 2 ** 40);
  await settle();
  timer.cancel();
  assert.ok(!fired);
});
