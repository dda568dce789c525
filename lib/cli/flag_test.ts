/** Parsers behind the flag makers. */

import assert from "node:assert/strict";
import {
  boolFlag,
  choiceFlag,
  durationFlag,
  LIST_SEPARATOR,
  listFlag,
  numberFlag,
} from "./flag.ts";

const COMMON = { brief: "", category: "" };

Deno.test("durationFlag() parses to milliseconds and keeps its lower bound", () => {
  const flag = durationFlag({ ...COMMON, default: "0s", minMs: 0 });
  assert.equal(flag.parse("1m30s"), 90_000);
  assert.throws(() => flag.parse("-1s"), /-1s is below 0s/);
  assert.throws(() => flag.parse("300"), /unit/);
});

Deno.test("numberFlag() takes whole numbers, or fractions when allowed, within bounds", () => {
  const whole = numberFlag({ ...COMMON, default: "1", min: 1, max: 10 });
  assert.equal(whole.parse("10"), 10);
  for (const text of ["", "1.5", "0x5", "1e1", "11", "0", " 5"]) {
    assert.throws(() => whole.parse(text), text);
  }
  const fraction = numberFlag({ ...COMMON, default: "0", min: 0, max: 0.5, fraction: true });
  assert.equal(fraction.parse(".25"), 0.25);
  assert.throws(() => fraction.parse("0.6"), RangeError);
});

Deno.test("choiceFlag() takes its words only", () => {
  const flag = choiceFlag({ ...COMMON, default: "a", choices: ["a", "b"] });
  assert.equal(flag.parse("b"), "b");
  assert.throws(() => flag.parse("B"), /"B" is not one of a, b/);
});

Deno.test("boolFlag() takes Go's spellings only", () => {
  const flag = boolFlag({ ...COMMON, default: "false" });
  assert.ok(flag.parse("T"));
  assert.throws(() => flag.parse("yes"));
});

Deno.test("listFlag() keeps every value, commas included", () => {
  const flag = listFlag(COMMON);
  assert.deepEqual(flag.parse(""), []);
  assert.deepEqual(flag.parse(`a,b${LIST_SEPARATOR}c`), ["a,b", "c"]);
});
