/** Durations against vectors printed by Go 1.26 (`time.ParseDuration`, `Duration.String`). */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatGoDuration,
  formatGoDurationNs,
  parseGoDuration,
  parseGoDurationNs,
} from "./duration.ts";

const PARSED: readonly (readonly [text: string, ns: bigint, printed: string])[] = [
  ["0", 0n, "0s"],
  ["-0", 0n, "0s"],
  ["+0", 0n, "0s"],
  ["5s", 5000000000n, "5s"],
  ["30s", 30000000000n, "30s"],
  ["1478s", 1478000000000n, "24m38s"],
  ["-5s", -5000000000n, "-5s"],
  ["+5s", 5000000000n, "5s"],
  ["5.0s", 5000000000n, "5s"],
  ["5.6s", 5600000000n, "5.6s"],
  ["5.s", 5000000000n, "5s"],
  [".5s", 500000000n, "500ms"],
  ["-.5s", -500000000n, "-500ms"],
  ["1.0s", 1000000000n, "1s"],
  ["1.00s", 1000000000n, "1s"],
  ["1.004s", 1004000000n, "1.004s"],
  ["1.0040s", 1004000000n, "1.004s"],
  ["100.00100s", 100001000000n, "1m40.001s"],
  ["10ns", 10n, "10ns"],
  ["11us", 11000n, "11µs"],
  ["12µs", 12000n, "12µs"],
  ["12μs", 12000n, "12µs"],
  ["13ms", 13000000n, "13ms"],
  ["14s", 14000000000n, "14s"],
  ["15m", 900000000000n, "15m0s"],
  ["16h", 57600000000000n, "16h0m0s"],
  ["3h30m", 12600000000000n, "3h30m0s"],
  ["10.5s4m", 250500000000n, "4m10.5s"],
  ["-2m3.4s", -123400000000n, "-2m3.4s"],
  ["1h2m3s4ms5us6ns", 3723004005006n, "1h2m3.004005006s"],
  ["39h9m14.425s", 140954425000000n, "39h9m14.425s"],
  ["52763797000ns", 52763797000n, "52.763797s"],
  ["0.3333333333333333333h", 1200000000000n, "20m0s"],
  ["9007199254740993ns", 9007199254740993n, "2501h59m59.254740993s"],
  ["9223372036854775807ns", 9223372036854775807n, "2562047h47m16.854775807s"],
  ["9223372036854775.807us", 9223372036854775807n, "2562047h47m16.854775807s"],
  ["-9223372036854775808ns", -9223372036854775808n, "-2562047h47m16.854775808s"],
  ["-9223372036854775.808us", -9223372036854775808n, "-2562047h47m16.854775808s"],
  ["-2562047h47m16.854775808s", -9223372036854775808n, "-2562047h47m16.854775808s"],
  ["0.100000000000000000000h", 360000000000n, "6m0s"],
  ["0.830103483285477580700h", 2988372539827n, "49m48.372539827s"],
  ["1.001s", 1001000000n, "1.001s"],
  ["1.001h", 3603600000000n, "1h0m3.6s"],
  ["1h1h", 7200000000000n, "2h0m0s"],
  ["1s1h", 3601000000000n, "1h0m1s"],
  ["0s", 0n, "0s"],
  ["000s", 0n, "0s"],
  ["0.9ns", 0n, "0s"],
  ["1.9999999999999999999999ns", 2n, "2ns"],
  ["87600h", 315360000000000000n, "87600h0m0s"],
  ["999ns", 999n, "999ns"],
  ["999999ns", 999999n, "999.999µs"],
  ["1.5h", 5400000000000n, "1h30m0s"],
];

const REFUSED: readonly (readonly [text: string, state: string])[] = [
  ["", "nothing to read"],
  ["-", "nothing to read"],
  ["3", "missing unit"],
  ["300", "missing unit"],
  ["00", "missing unit"],
  ["1h3", "missing unit"],
  [".", "number expected"],
  [".s", "number expected"],
  ["+.s", "number expected"],
  ["s", "number expected"],
  ["--1s", "number expected"],
  [" 1s", "number expected"],
  ["1s ", 'unknown unit "s "'],
  ["1h 30m", 'unknown unit "h "'],
  ["1d", 'unknown unit "d"'],
  ["1H", 'unknown unit "H"'],
  ["1e3s", 'unknown unit "e"'],
  ["1..5s", "missing unit"],
  ["1_000s", 'unknown unit "_"'],
  ["9223372036854775808ns", "value out of range"],
  ["9223372036854775.808us", "value out of range"],
  ["2562047h47m16.854775808s", "value out of range"],
  ["-9223372036854775809ns", "value out of range"],
  ["3000000h", "value out of range"],
];

Deno.test("parseGoDurationNs() reads what Go reads", async (t) => {
  for (const [text, ns, printed] of PARSED) {
    await t.step(text, () => {
      assert.equal(parseGoDurationNs(text), ns);
      assert.equal(formatGoDurationNs(ns), printed);
    });
  }
});

Deno.test("parseGoDuration() refuses what Go refuses, quoting it", async (t) => {
  for (const [text, state] of REFUSED) {
    await t.step(JSON.stringify(text), () => {
      assert.throws(() => parseGoDuration(text), {
        name: "SyntaxError",
        message: `Cannot parse duration ${JSON.stringify(text)}: ${state}`,
      });
    });
  }
});

Deno.test("parseGoDuration() returns milliseconds", () => {
  assert.equal(parseGoDuration("300s"), 300_000);
  assert.equal(parseGoDuration("1h30m"), 5_400_000);
  assert.equal(parseGoDuration("1.5us"), 0.0015);
  assert.equal(parseGoDuration("-0"), 0);
});

Deno.test("formatGoDuration() takes milliseconds", () => {
  assert.equal(formatGoDuration(5_400_000), "1h30m0s");
  assert.equal(formatGoDuration(0.0015), "1.5µs");
  assert.equal(formatGoDuration(-0), "0s");
  assert.equal(formatGoDuration(9e12 + 0.25), "2500000h0m0.00025s");
  assert.throws(() => formatGoDuration(NaN), RangeError);
});

Deno.test("parseGoDurationNs() reads back whatever formatGoDurationNs() prints", () => {
  const ns = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  fc.assert(fc.property(ns, (value) => {
    const back = parseGoDurationNs(formatGoDurationNs(value));
    // Go's own round trip loses up to 1 ns to its floating-point fractions.
    const off = back > value ? back - value : value - back;
    assert.ok(off <= 1n, `${value} came back as ${back}`);
  }));
});

Deno.test("parseGoDuration() either returns a number or throws a SyntaxError", () => {
  const text = fc.string({ unit: fc.constantFrom(..."0123456789.+-nuµmsh ") });
  fc.assert(fc.property(text, (input) => {
    try {
      assert.ok(Number.isFinite(parseGoDuration(input)));
    } catch (err) {
      assert.ok(err instanceof SyntaxError);
    }
  }));
});
