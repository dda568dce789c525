/** The arithmetic of retries. */

import assert from "node:assert/strict";
import { Backoff } from "./backoff.ts";

Deno.test("Backoff.next() doubles up to its maximum and starts over after reset()", () => {
  const backoff = new Backoff({ initialMs: 100, maxMs: 500, random: () => 0.5 });
  assert.deepEqual([1, 2, 3, 4].map(() => backoff.next()), [100, 200, 400, 500]);
  assert.equal(backoff.failures, 4);
  backoff.reset();
  assert.equal(backoff.next(), 100);
});

Deno.test("Backoff.next() spreads by the jitter in both directions", () => {
  const low = new Backoff({ initialMs: 100, maxMs: 500, jitter: 0.2, random: () => 0 });
  const high = new Backoff({ initialMs: 100, maxMs: 500, jitter: 0.2, random: () => 1 });
  assert.equal(Math.round(low.next()), 80);
  assert.equal(Math.round(high.next()), 120);
});
