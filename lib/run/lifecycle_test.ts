/** Teardown: order, failures, deadline. */

import assert from "node:assert/strict";
import { ManualClock } from "#tests/support/clock.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { createLifecycle } from "./lifecycle.ts";

function lifecycleWith(deadlineMs = 5000) {
  const clock = new ManualClock();
  const log = new CapturedLog();
  return { clock, log, lifecycle: createLifecycle({ deadlineMs }, { clock, log }) };
}

Deno.test("Lifecycle.stop() runs steps in reverse order, once", async () => {
  const { lifecycle, clock } = lifecycleWith();
  const ran: string[] = [];
  lifecycle.defer("first", () => void ran.push("first"));
  lifecycle.defer("second", () => Promise.resolve(void ran.push("second")));
  await Promise.all([lifecycle.stop(), lifecycle.stop()]);
  assert.deepEqual(ran, ["second", "first"]);
  assert.equal(clock.pendingTimers, 0);
  assert.throws(() => lifecycle.defer("late", () => {}), /already stopped/);
});

Deno.test("Lifecycle.stop() logs a failing step and runs the others", async () => {
  const { lifecycle, log } = lifecycleWith();
  const ran: string[] = [];
  lifecycle.defer("first", () => void ran.push("first"));
  lifecycle.defer("broken", () => Promise.reject(new Error("no")));
  await lifecycle.stop();
  assert.deepEqual(ran, ["first"]);
  assert.deepEqual(log.lines.map(({ message, fields }) => [message, fields["step"]]), [
    ["stop step failed", "broken"],
  ]);
});

Deno.test("Lifecycle.stop() tells a hanging step of the deadline, then goes on without it", async () => {
  const { lifecycle, log, clock } = lifecycleWith(1000);
  const ran: string[] = [];
  lifecycle.defer("first", () => void ran.push("first"));
  lifecycle.defer("hanging", (deadline) => {
    deadline.addEventListener("abort", () => ran.push("told"));
    return new Promise(() => {});
  });
  const stopping = lifecycle.stop();
  await clock.advance(999);
  assert.deepEqual(ran, []);
  await clock.advance(1);
  assert.deepEqual(ran, ["told"]);
  await clock.advance(100);
  await stopping;
  assert.deepEqual(ran, ["told", "first"]);
  assert.deepEqual(log.messages("warn"), ["stop step did not end in time"]);
});
