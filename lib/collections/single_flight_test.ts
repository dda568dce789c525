/** One load for many askers. */

import assert from "node:assert/strict";
import { settle } from "#tests/support/clock.ts";
import { SingleFlight } from "./single_flight.ts";

function controlled() {
  const calls: { signal: AbortSignal; result: PromiseWithResolvers<string> }[] = [];
  const work = (signal: AbortSignal) => {
    const result = Promise.withResolvers<string>();
    calls.push({ signal, result });
    return result.promise;
  };
  return { calls, work };
}

Deno.test("SingleFlight.run() loads once for all who ask meanwhile", async () => {
  const flights = new SingleFlight<string>();
  const { calls, work } = controlled();
  const asked = [flights.run("k", work), flights.run("k", work), flights.run("k", work)];
  await settle();
  assert.equal(calls.length, 1);
  assert.ok(flights.has("k"));
  calls[0]?.result.resolve("v");
  assert.deepEqual(await Promise.all(asked), ["v", "v", "v"]);
  assert.equal(flights.size, 0);
});

Deno.test("SingleFlight.run() goes on for the others when the first asker leaves", async () => {
  const flights = new SingleFlight<string>();
  const { calls, work } = controlled();
  const leaving = new AbortController();
  const first = flights.run("k", work, leaving.signal);
  const second = flights.run("k", work, new AbortController().signal);
  await settle();
  leaving.abort(new Error("gone"));
  await assert.rejects(first, /gone/);
  assert.ok(!calls[0]?.signal.aborted);
  calls[0]?.result.resolve("v");
  assert.equal(await second, "v");
});

Deno.test("SingleFlight.run() cancels the load when the last asker leaves", async () => {
  const flights = new SingleFlight<string>();
  const { calls, work } = controlled();
  const leaving = [new AbortController(), new AbortController()];
  const asked = leaving.map(({ signal }) => flights.run("k", work, signal));
  await settle();
  for (const controller of leaving) controller.abort(new Error("gone"));
  for (const promise of asked) await assert.rejects(promise, /gone/);
  assert.ok(calls[0]?.signal.aborted);
  calls[0]?.result.reject(new Error("cancelled"));
  await settle();
  assert.equal(flights.size, 0);
});

Deno.test("SingleFlight.run() shares a failure and releases the key, also for a synchronous throw", async () => {
  const flights = new SingleFlight<string>();
  const failing = () => {
    throw new TypeError("broken");
  };
  const asked = [flights.run("k", failing), flights.run("k", failing)];
  for (const promise of asked) await assert.rejects(promise, /broken/);
  assert.equal(await flights.run("k", () => Promise.resolve("v")), "v");
});

Deno.test("SingleFlight.forget() makes later askers begin anew", async () => {
  const flights = new SingleFlight<string>();
  const { calls, work } = controlled();
  const old = flights.run("k", work);
  flights.forget("k");
  const fresh = flights.run("k", work);
  await settle();
  calls[0]?.result.resolve("old");
  assert.equal(await old, "old");
  assert.ok(flights.has("k"), "the end of the old flight must not forget the new one");
  calls[1]?.result.resolve("new");
  assert.equal(await fresh, "new");
});

Deno.test("SingleFlight.run() does not join a flight that nobody waits for any more", async () => {
  const flights = new SingleFlight<string>();
  const { calls, work } = controlled();
  const leaving = new AbortController();
  const first = flights.run("k", work, leaving.signal);
  await settle();
  leaving.abort(new Error("gone"));
  await assert.rejects(first, /gone/);
  const second = flights.run("k", work);
  await settle();
  assert.equal(calls.length, 2);
  calls[1]?.result.resolve("v");
  assert.equal(await second, "v");
});
