/** When changes are applied, and when failures are tried again. */

import assert from "node:assert/strict";
import { Retry } from "./retry.ts";
import { Schedule } from "./schedule.ts";

const OPTIONS = { debounceMs: 200, debounceMaxMs: 2000 };

Deno.test("Schedule applies a lone change at once and merges its followers", () => {
  const schedule = new Schedule(OPTIONS);
  schedule.add("lone", 1000);
  assert.equal(schedule.dueMs, 1000);
  schedule.take(1000);
  schedule.add("lone", 1050);
  assert.equal(schedule.dueMs, 1250);
  schedule.add("lone", 1200);
  assert.equal(schedule.dueMs, 1400);
  schedule.take(1400);
  schedule.add("lone", 1700);
  assert.equal(schedule.dueMs, 1700);
});

Deno.test("Schedule holds nothing back for longer than its limit", () => {
  const schedule = new Schedule(OPTIONS);
  schedule.add("grouped", 0);
  for (let now = 100; now <= 5000; now += 100) schedule.add("grouped", now);
  assert.equal(schedule.dueMs, 2000);
});

Deno.test("Schedule without a window applies every change at once", () => {
  const schedule = new Schedule({ debounceMs: 0, debounceMaxMs: 0 });
  for (const now of [0, 1, 2]) {
    schedule.add("grouped", now);
    assert.equal(schedule.dueMs, now);
    schedule.take(now);
  }
});

Deno.test("Retry is fast at first, then regular, then gives up when that is wanted", () => {
  const retry = new Retry({ maxElapsedMs: 2000, intervalMs: 5000, random: () => 0.5 }, 0);
  assert.equal(retry.next(0), 500);
  assert.equal(retry.next(500), 750);
  assert.deepEqual([retry.isSlow, retry.next(1250), retry.isSlow], [false, 5000, true]);
  const once = new Retry({ maxElapsedMs: 0, intervalMs: 0, random: () => 0.5 }, 0);
  assert.equal(once.next(0), undefined);
});
