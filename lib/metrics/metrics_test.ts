/** Instruments and their bounds. */

import assert from "node:assert/strict";
import { Counter, Metrics } from "./metrics.ts";

Deno.test("Metrics refuses a name twice", () => {
  const metrics = new Metrics();
  metrics.gauge({ name: "x", help: "" });
  assert.throws(() => metrics.counter({ name: "x", help: "" }), /name is taken/);
});

Deno.test("Counter counts label combinations beyond its bound together", () => {
  const counter = new Counter({ name: "x", help: "", labels: ["a", "b"], maxSeries: 2 });
  counter.inc(["1", "1"]);
  counter.inc(["2", "1"], 5);
  counter.inc(["3", "1"]);
  counter.inc(["4", "1"]);
  counter.inc(["1", "1"]);
  assert.deepEqual([...counter.read()].map(({ labelValues, value }) => [...labelValues, value]), [
    ["1", "1", 2],
    ["2", "1", 5],
    ["_other_", "_other_", 2],
  ]);
});

Deno.test("Counter tells combinations apart whose texts join alike", () => {
  const counter = new Counter({ name: "x", help: "", labels: ["a", "b"] });
  counter.inc(["a b", "c"]);
  counter.inc(["a", "b c"]);
  assert.equal(counter.value(["a b", "c"]), 1);
});
