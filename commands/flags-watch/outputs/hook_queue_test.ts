/** When hooks run: one at a time, merged, bounded, again after failures. */

import assert from "node:assert/strict";
import { Metrics } from "#lib/metrics/metrics.ts";
import { ManualClock } from "#tests/support/clock.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { HookQueue, type HookQueueOptions } from "./hook_queue.ts";

type Run = HookQueueOptions<string>["run"];

function queue(run: Run, again: "once" | "until-success" = "once") {
  const clock = new ManualClock();
  const log = new CapturedLog();
  const hookRuns = new Metrics().counter({ name: "runs", help: "", labels: ["hook", "result"] });
  const merge = (a: string, b: string) => a + b;
  const hook = new HookQueue({ name: "h", merge, run, again, timeoutMs: 5000 }, {
    ...{ clock, log },
    counters: { hookRuns },
  });
  return { clock, log, hook, count: (result: string) => hookRuns.value(["h", result]) };
}

Deno.test("HookQueue runs one event at a time and merges what comes meanwhile", async () => {
  const seen: string[] = [];
  let finish = () => {};
  const { hook, clock, count } = queue(async (event) => {
    seen.push(event);
    await new Promise<void>((resolve) => finish = resolve);
  });
  for (const event of ["a", "b", "c"]) hook.add(event);
  assert.deepEqual(seen, ["a"]);
  finish();
  await clock.advance(0);
  assert.deepEqual(seen, ["a", "bc"]);
  finish();
  await clock.advance(0);
  assert.deepEqual([count("ok"), clock.pendingTimers], [2, 0]);
  await hook[Symbol.asyncDispose]();
});

Deno.test("HookQueue tries once more after 1 s", async () => {
  let runs = 0;
  const { hook, clock, count, log } = queue(() => {
    runs += 1;
    return Promise.reject(new Error("no"));
  });
  hook.add("a");
  await clock.advance(999);
  assert.equal(runs, 1);
  await clock.advance(100_000);
  assert.deepEqual([runs, count("error"), clock.pendingTimers], [2, 2, 0]);
  assert.deepEqual(log.messages("error"), ["hook failed", "hook failed"]);
  await hook[Symbol.asyncDispose]();
});

Deno.test("HookQueue tries until it works, slowly after 10 s, and carries a failed event on", async () => {
  const seen: string[] = [];
  let isUp = false;
  const { hook, clock } = queue((event) => {
    seen.push(event);
    return isUp ? Promise.resolve() : Promise.reject(new Error("down"));
  }, "until-success");
  hook.add("a");
  await clock.advance(20_000);
  const quick = seen.length;
  assert.ok(quick >= 4 && quick <= 20, String(quick));
  await clock.advance(60_000);
  assert.ok(seen.length - quick <= 3);
  isUp = true;
  hook.add("b");
  await clock.advance(0);
  assert.equal(seen.at(-1), "ab");
  assert.equal(clock.pendingTimers, 0);
  await hook[Symbol.asyncDispose]();
});

Deno.test("HookQueue stops a run that takes too long, and one under way at the stop", async () => {
  const untilAborted: Run = (_event, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  const { hook, clock, count } = queue(untilAborted);
  hook.add("a");
  await clock.advance(5000);
  assert.equal(count("timeout"), 1);
  await clock.advance(1000);
  await hook[Symbol.asyncDispose]();
  assert.deepEqual([count("error"), clock.pendingTimers], [1, 0]);
  hook.add("late");
  assert.equal(clock.pendingTimers, 0);
});
