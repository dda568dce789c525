/** Coalescing of concurrent loads. */

import assert from "node:assert/strict";
import { settle } from "#tests/support/clock.ts";
import { SingleFlight } from "./single_flight.ts";

/** A loader under the test's control, which counts its calls. */
function controlled() {
  const calls: {
    signal: AbortSignal;
    land: (value: string) => void;
    fail: (err: Error) => void;
  }[] = [];
  const load = (signal: AbortSignal) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    calls.push({ signal, land: resolve, fail: reject });
    return promise;
  };
  return { calls, load };
}

Deno.test("SingleFlight.run() loads once for all who ask meanwhile", async () => {
  const flights = new SingleFlight<string, string>();
  const { calls, load } = controlled();
  const answers = [flights.run("a", load), flights.run("a", load), flights.run("a", load)];
  assert.equal(calls.length, 1);
  assert.ok(flights.has("a"));
  calls[0]?.land("x");
  assert.deepEqual(await Promise.all(answers), ["x", "x", "x"]);
  assert.equal(flights.size, 0);
});

Deno.test("SingleFlight.run() keeps keys apart and nothing afterwards", async () => {
  const flights = new SingleFlight<string, string>();
  const { calls, load } = controlled();
  const a = flights.run("a", load);
  const b = flights.run("b", load);
  calls[0]?.land("1");
  calls[1]?.land("2");
  assert.deepEqual(await Promise.all([a, b]), ["1", "2"]);
  const again = flights.run("a", load);
  calls[2]?.land("3");
  assert.equal(await again, "3");
});

Deno.test("SingleFlight.run() gives everyone the same error and releases the key", async () => {
  const flights = new SingleFlight<string, string>();
  const { calls, load } = controlled();
  const answers = [flights.run("a", load), flights.run("a", load)];
  const error = new Error("Refused");
  calls[0]?.fail(error);
  for (const answer of answers) await assert.rejects(answer, error);
  assert.equal(flights.size, 0);
});

Deno.test("SingleFlight.run() releases the key when the loader throws at once", async () => {
  const flights = new SingleFlight<string, string>();
  const error = new Error("Broken");
  const load = () => {
    throw error;
  };
  await assert.rejects(flights.run("a", load), error);
  assert.ok(!flights.has("a"));
});

Deno.test("SingleFlight.run() lets one waiter go while others wait on", async () => {
  const flights = new SingleFlight<string, string>();
  const { calls, load } = controlled();
  const first = new AbortController();
  const second = new AbortController();
  const leaving = flights.run("a", load, { signal: first.signal });
  const staying = flights.run("a", load, { signal: second.signal });
  first.abort(new Error("Client gone"));
  await assert.rejects(leaving, /Client gone/);
  assert.ok(!calls[0]?.signal.aborted);
  calls[0]?.land("x");
  assert.equal(await staying, "x");
});

Deno.test("SingleFlight.run() aborts the flight when all waiters are gone", async () => {
  const flights = new SingleFlight<string, string>();
  const { calls, load } = controlled();
  const controllers = [new AbortController(), new AbortController()];
  const answers = controllers.map(({ signal }) => flights.run("a", load, { signal }));
  const rejected = Promise.allSettled(answers);
  for (const controller of controllers) controller.abort(new Error("Client gone"));
  assert.deepEqual((await rejected).map(({ status }) => status), ["rejected", "rejected"]);
  assert.ok(calls[0]?.signal.aborted);
  // A late error of the abandoned flight is nobody's, and the next caller starts anew.
  calls[0]?.fail(new Error("Aborted"));
  const next = flights.run("a", load);
  await settle();
  assert.ok(flights.has("a"));
  calls[1]?.land("y");
  assert.equal(await next, "y");
});

Deno.test("SingleFlight.run() never aborts while someone waits without a signal", async () => {
  const flights = new SingleFlight<string, string>();
  const { calls, load } = controlled();
  const controller = new AbortController();
  const patient = flights.run("a", load);
  const leaving = flights.run("a", load, { signal: controller.signal });
  controller.abort(new Error("Client gone"));
  await assert.rejects(leaving, /Client gone/);
  assert.ok(!calls[0]?.signal.aborted);
  calls[0]?.land("x");
  assert.equal(await patient, "x");
});

Deno.test("SingleFlight.run() does not start for a caller already gone", async () => {
  const flights = new SingleFlight<string, string>();
  const { calls, load } = controlled();
  const signal = AbortSignal.abort(new Error("Client gone"));
  await assert.rejects(flights.run("a", load, { signal }), /Client gone/);
  assert.equal(calls.length, 0);
});

Deno.test("SingleFlight.run() leaves no listener on a signal that outlives the flight", async () => {
  const flights = new SingleFlight<string, string>();
  const { calls, load } = controlled();
  const controller = new AbortController();
  const answer = flights.run("a", load, { signal: controller.signal });
  calls[0]?.land("x");
  assert.equal(await answer, "x");
  await settle();
  controller.abort();
  assert.ok(!calls[0]?.signal.aborted);
});

Deno.test("SingleFlight.forget() makes later callers start anew", async () => {
  const flights = new SingleFlight<string, string>();
  const { calls, load } = controlled();
  const old = flights.run("a", load);
  flights.forget("a");
  const fresh = flights.run("a", load);
  assert.equal(calls.length, 2);
  calls[0]?.land("old");
  assert.equal(await old, "old");
  await settle();
  // The old flight's landing must not remove the new one.
  assert.ok(flights.has("a"));
  calls[1]?.land("new");
  assert.equal(await fresh, "new");
});
