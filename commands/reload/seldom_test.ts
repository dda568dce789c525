/** What is said again within a minute is left out. */

import assert from "node:assert/strict";
import { ManualClock } from "#tests/support/clock.ts";
import { createSeldom } from "./seldom.ts";

Deno.test("createSeldom() lets each text through once a minute", async () => {
  const clock = new ManualClock();
  const isNews = createSeldom(clock);
  assert.deepEqual([isNews("a"), isNews("b"), isNews("a")], [true, true, false]);
  await clock.advance(59_999);
  assert.deepEqual([isNews("a")], [false]);
  await clock.advance(1);
  assert.deepEqual([isNews("a")], [true]);
});
