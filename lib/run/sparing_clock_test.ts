/** A few timers as timeouts of signals, the others as timers. */

import assert from "node:assert/strict";
import { type Clock, systemClock } from "./clock.ts";
import { MAX_SIGNALS, sparingClock } from "./sparing_clock.ts";

/** The system's clock, which counts the timers that are set. */
function counting(): { readonly clock: Clock; timers: number; shiftMs: number } {
  const counted = {
    timers: 0,
    shiftMs: 0,
    clock: {
      now: () => systemClock.now(),
      monotonic: () => systemClock.monotonic() + counted.shiftMs,
      timer(callback: () => void, delayMs: number, options?: { readonly unref?: boolean }) {
        counted.timers += 1;
        return systemClock.timer(callback, delayMs, options);
      },
    },
  };
  return counted;
}

Deno.test("sparingClock() fires after the time, once, and not before", async () => {
  const counted = counting();
  const clock = sparingClock(counted.clock);
  for (const delayMs of [0, 0.4, 20.6, -5, NaN]) {
    const startedAt = performance.now();
    await new Promise<void>((resolve) => clock.timer(resolve, delayMs));
    assert.ok(performance.now() - startedAt >= (delayMs || 0));
  }
  clock.timer(() => assert.fail("not in this life"), Infinity).cancel();
  let fired = 0;
  const twice = () => fired += 1;
  clock.timer(twice, 1);
  clock.timer(twice, 1);
  await new Promise<void>((resolve) => clock.timer(resolve, 5));
  assert.deepEqual([fired, counted.timers], [2, 0]);
});

Deno.test("sparingClock() never fires a timer that was called off", async () => {
  const clock = sparingClock(systemClock);
  const timer = clock.timer(() => assert.fail("called off"), 1);
  timer.cancel();
  timer.cancel();
  await new Promise<void>((resolve) => clock.timer(resolve, 5));
});

Deno.test("sparingClock() sets timers when there are many", () => {
  const counted = counting();
  const clock = sparingClock(counted.clock);
  // Called off or not: the runtime has them until their time is over.
  for (let i = 0; i < MAX_SIGNALS; i++) clock.timer(() => {}, 1000, { unref: true }).cancel();
  assert.equal(counted.timers, 0);
  clock.timer(() => {}, 1000).cancel();
  assert.equal(counted.timers, 1);
  counted.shiftMs = 1001;
  clock.timer(() => {}, 1000).cancel();
  assert.equal(counted.timers, 1);
});

Deno.test("sparingClock() keeps a process alive until its timer fires, whatever is collected", async () => {
  const source = `
    import { systemClock } from ${JSON.stringify(new URL("./clock.ts", import.meta.url))};
    import { sparingClock } from ${JSON.stringify(new URL("./sparing_clock.ts", import.meta.url))};
    const clock = sparingClock(systemClock);
    clock.timer(() => clock.timer(() => console.log("fired"), 200), 10);
    clock.timer(() => gc(), 50);
    clock.timer(() => {}, 60_000).cancel();`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--v8-flags=--expose-gc", source],
    stdout: "piped",
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "fired\n");
});
