/** Bounds of loading: how many at once, and for how long. */

import assert from "node:assert/strict";
import { ManualClock, settle } from "#tests/support/clock.ts";
import { createLoader } from "./loader.ts";
import type { LoadOutcome, Upstream } from "./upstream.ts";

const NEVER = new AbortController().signal;
const MISSING: LoadOutcome = { kind: "missing" };

function loaderWith(options: { timeoutMs?: number; maxConcurrent?: number }) {
  const clock = new ManualClock();
  const loads: { key: string; signal: AbortSignal; end: () => void }[] = [];
  const upstream: Upstream = {
    kind: "test",
    load(key, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<LoadOutcome>();
      signal.addEventListener("abort", () => reject(signal.reason));
      loads.push({ key, signal, end: () => resolve(MISSING) });
      return promise;
    },
    watch: () => Promise.reject(new Error("not watched")),
  };
  const load = createLoader(upstream, { timeoutMs: 0, maxConcurrent: 10, ...options }, { clock });
  return { load, loads, clock, keys: () => loads.map(({ key }) => key) };
}

Deno.test("createLoader() gives up after its time, as a failure of the backend", async () => {
  const { load, loads, clock } = loaderWith({ timeoutMs: 1000 });
  const loading = load("/a", NEVER);
  await clock.advance(1000);
  assert.deepEqual(await loading, {
    kind: "failed",
    status: 0,
    reason: "No answer within 1000 ms",
  });
  assert.ok(loads[0]?.signal.aborted);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("createLoader() waits for ever when the time is 0", async () => {
  const { load, loads, clock } = loaderWith({});
  const loading = load("/a", NEVER);
  await clock.advance(1e9);
  loads[0]?.end();
  assert.deepEqual(await loading, MISSING);
});

Deno.test("createLoader() lets the next one in when one ends, in order", async () => {
  const { load, loads, keys } = loaderWith({ maxConcurrent: 2 });
  const loading = ["/1", "/2", "/3", "/4"].map((key) => load(key, NEVER));
  await settle();
  assert.deepEqual(keys(), ["/1", "/2"]);
  loads[1]?.end();
  await settle();
  assert.deepEqual(keys(), ["/1", "/2", "/3"]);
  for (const index of [0, 2]) loads[index]?.end();
  await settle();
  loads[3]?.end();
  assert.equal((await Promise.all(loading)).length, 4);
});

Deno.test("createLoader() forgets one who leaves while waiting its turn", async () => {
  const { load, loads, keys } = loaderWith({ maxConcurrent: 1 });
  const first = load("/1", NEVER);
  const leaving = new AbortController();
  const second = load("/2", leaving.signal);
  const third = load("/3", NEVER);
  await settle();
  leaving.abort(new Error("gone"));
  await assert.rejects(second, /gone/);
  loads[0]?.end();
  await first;
  await settle();
  assert.deepEqual(keys(), ["/1", "/3"]);
  loads[1]?.end();
  await third;
});

Deno.test("createLoader() passes on that nobody waits", async () => {
  const { load, loads } = loaderWith({ timeoutMs: 1000 });
  const leaving = new AbortController();
  const loading = load("/a", leaving.signal);
  await settle();
  leaving.abort(new Error("gone"));
  await assert.rejects(loading, /gone/);
  assert.ok(loads[0]?.signal.aborted);
});
