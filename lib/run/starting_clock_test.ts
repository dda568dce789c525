/** Timers that are set after the start, and those that cannot wait for it. */

import assert from "node:assert/strict";
import { ManualClock } from "#tests/support/clock.ts";
import { START_MS, startingClock } from "./starting_clock.ts";

function starting() {
  const manual = new ManualClock();
  const ends: (() => void)[] = [];
  return { manual, ends, clock: startingClock(manual, (callback) => ends.push(callback)) };
}

Deno.test("startingClock() sets a long timer after the start, for the time it was due", async () => {
  const { manual, ends, clock } = starting();
  const fired: string[] = [];
  clock.timer(() => fired.push("long"), 1000);
  clock.timer(() => fired.push("longer"), 2000);
  assert.equal(manual.pendingTimers, 0);
  assert.equal(ends.length, 1);
  await manual.advance(START_MS);
  ends[0]?.();
  assert.equal(manual.pendingTimers, 2);
  await manual.advance(999 - START_MS);
  assert.deepEqual(fired, []);
  await manual.advance(1);
  assert.deepEqual(fired, ["long"]);
  await manual.advance(1000);
  assert.deepEqual(fired, ["long", "longer"]);
});

Deno.test("startingClock() sets a short timer at once", async () => {
  const { manual, ends, clock } = starting();
  let fired = 0;
  clock.timer(() => fired += 1, START_MS);
  assert.deepEqual([manual.pendingTimers, ends.length], [1, 0]);
  await manual.advance(START_MS);
  assert.equal(fired, 1);
});

Deno.test("startingClock() never fires a timer cancelled before or after it was set", async () => {
  const { manual, ends, clock } = starting();
  const early = clock.timer(() => assert.fail("cancelled"), 1000);
  const late = clock.timer(() => assert.fail("cancelled"), 1000);
  early.cancel();
  ends[0]?.();
  assert.equal(manual.pendingTimers, 1);
  late.cancel();
  await manual.advance(5000);
});

Deno.test("startingClock() fires at once what became due while the start took long", async () => {
  const { manual, ends, clock } = starting();
  let fired = 0;
  clock.timer(() => fired += 1, 1000);
  await manual.advance(5000);
  ends[0]?.();
  await manual.advance(0);
  assert.equal(fired, 1);
});

Deno.test("startingClock() keeps a process alive until its timer fires", async () => {
  const source = `
    import { systemClock } from ${JSON.stringify(new URL("./clock.ts", import.meta.url))};
    import { startingClock } from ${
    JSON.stringify(new URL("./starting_clock.ts", import.meta.url))
  };
    startingClock(systemClock).timer(() => console.log("fired"), 300);`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", source],
    stdout: "piped",
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "fired\n");
});
