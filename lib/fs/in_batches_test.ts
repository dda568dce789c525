/** Work in batches: bounded, complete, and failures that wait for their batch. */

import assert from "node:assert/strict";
import { inBatches } from "./in_batches.ts";

Deno.test("inBatches() does all of the work, at most 32 pieces at a time", async () => {
  let [running, most] = [0, 0];
  const done: number[] = [];
  await inBatches(Array.from({ length: 100 }, (_, index) => index), async (index) => {
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
    done.push(index);
  });
  assert.equal(most, 32);
  assert.equal(done.length, 100);
});

Deno.test("inBatches() ends what is under way before it rejects, and begins nothing more", async () => {
  const begun: number[] = [];
  let ended = 0;
  const work = async (index: number) => {
    begun.push(index);
    if (index === 3) throw new RangeError("three");
    await Promise.resolve();
    ended += 1;
  };
  await assert.rejects(inBatches(Array(50).keys(), work), RangeError);
  assert.equal(begun.length, 32);
  assert.equal(ended, 31);
});
