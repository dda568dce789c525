/** Quantities against vectors printed by k8s.io/apimachinery 0.34.1 (`resource.ParseQuantity`). */

import assert from "node:assert/strict";
import fc from "fast-check";
import { parseByteSize, parseQuantity } from "./quantity.ts";

const PARSED: readonly (readonly [text: string, value: number, canonical: string])[] = [
  ["0", 0, "0"],
  ["0n", 0, "0"],
  ["0u", 0, "0"],
  ["0m", 0, "0"],
  ["0Ki", 0, "0"],
  ["0k", 0, "0"],
  ["0e0", 0, "0"],
  ["1", 1, "1"],
  ["100", 100, "100"],
  ["1000", 1000, "1k"],
  ["1500", 1500, "1500"],
  ["1000000", 1e+06, "1M"],
  ["1k", 1000, "1k"],
  ["1M", 1e+06, "1M"],
  ["1G", 1e+09, "1G"],
  ["1T", 1e+12, "1T"],
  ["1P", 1e+15, "1P"],
  ["1E", 1e+18, "1E"],
  ["1Ki", 1024, "1Ki"],
  ["1Mi", 1.048576e+06, "1Mi"],
  ["1Gi", 1.073741824e+09, "1Gi"],
  ["1Ti", 1.099511627776e+12, "1Ti"],
  ["1Pi", 1.125899906842624e+15, "1Pi"],
  ["1Ei", 1.152921504606847e+18, "1Ei"],
  ["100m", 0.1, "100m"],
  ["1500m", 1.5, "1500m"],
  ["2000m", 2, "2"],
  ["1u", 1e-06, "1u"],
  ["1n", 1e-09, "1n"],
  ["0.5", 0.5, "500m"],
  ["1.5", 1.5, "1500m"],
  ["0.1", 0.1, "100m"],
  ["1.5k", 1500, "1500"],
  ["1.5Ki", 1536, "1536"],
  ["1.5Gi", 1.610612736e+09, "1536Mi"],
  ["0.5Ki", 512, "512"],
  ["0.5Mi", 524288, "512Ki"],
  ["1.0001Ki", 1024.1024, "1024102400u"],
  ["1024", 1024, "1024"],
  ["1024Ki", 1.048576e+06, "1Mi"],
  ["1023Ki", 1.047552e+06, "1023Ki"],
  ["1025Ki", 1.0496e+06, "1025Ki"],
  ["1e3", 1000, "1e3"],
  ["1E3", 1000, "1e3"],
  ["12e6", 1.2e+07, "12e6"],
  ["1e-3", 0.001, "1e-3"],
  ["1e+3", 1000, "1e3"],
  ["1.5e3", 1500, "1500"],
  ["15e-1", 1.5, "1500e-3"],
  ["123e1", 1230, "1230"],
  ["1e9", 1e+09, "1e9"],
  ["1.", 1, "1"],
  ["1.0", 1, "1"],
  [".5", 0.5, "500m"],
  ["+5", 5, "5"],
  ["-5", -5, "-5"],
  ["-1.5Gi", -1.610612736e+09, "-1536Mi"],
  ["-100m", -0.1, "-100m"],
  ["+.5k", 500, "500"],
  ["00100", 100, "100"],
  ["0100Mi", 1.048576e+08, "100Mi"],
  ["0.1n", 1e-09, "1n"],
  ["0.0000000001", 1e-09, "1n"],
  ["1.0000000001", 1.000000001, "1000000001n"],
  ["1.1234567891", 1.12345679, "1123456790n"],
  ["9223372036854775807", 9.223372036854776e+18, "9223372036854775807"],
  ["9223372036854775808", 9.223372036854776e+18, "9223372036854775808"],
  ["-9223372036854775808", -9.223372036854776e+18, "-9223372036854775808"],
  ["10E", 1e+19, "10E"],
  ["9Ei", 9.223372036854776e+18, "9223372036854775807"],
  ["8Ei", 9.223372036854776e+18, "9223372036854775807"],
  ["16Ei", 9.223372036854776e+18, "9223372036854775807"],
  ["100Pi", 1.125899906842624e+17, "100Pi"],
  ["12345678901234567890", 1.234567890123457e+19, "12345678901234567890"],
  ["1e20", 1e+20, "100e18"],
  ["100e18", 1e+20, "100e18"],
  ["0.9n", 1e-09, "1n"],
  ["5.", 5, "5"],
  ["1000Mi", 1.048576e+09, "1000Mi"],
  ["1048576", 1.048576e+06, "1048576"],
  ["1100Mi", 1.1534336e+09, "1100Mi"],
  ["3Mi", 3.145728e+06, "3Mi"],
  ["1536Mi", 1.610612736e+09, "1536Mi"],
  ["2560m", 2.56, "2560m"],
  ["999999999n", 0.999999999, "999999999n"],
  ["1000000000n", 1, "1"],
  ["123456789012345678", 1.2345678901234568e+17, "123456789012345678"],
  ["1.5Ei", 1.7293822569102705e+18, "1536Pi"],
  ["7.9999999Ei", 9.223371921562626e+18, "9223371921562625347315302400n"],
  [".", 0, "0"],
  ["1E1", 10, "10"],
  ["-0", 0, "0"],
  ["0.0", 0, "0"],
  ["-0.001", -0.001, "-1m"],
  ["1.7976931348623157e30", 1.7976931348623155e+30, "1797693134862315700e12"],
  ["1e30", 1e+30, "1e30"],
];

const REFUSED = [
  ...["", "a", "1 ", "  1", "1.1.M", "1+1.0M", "0.1mi", "0.1am", "aoeu", ".5i", "1i", "-3.01i"],
  ...["-3.01e-", "1e1.5", "--1", "1K", "1ki", "1mi", "1gi", "1g", "1B", "1KB", "1_000", "0x10"],
  ...["1kk", "1e5k", "1,5", "NaN", "1e", "1e2147483648", "\uff11"],
];

Deno.test("parseQuantity() reads what Kubernetes reads", async (t) => {
  for (const [text, value, canonical] of PARSED) {
    await t.step(text, () => {
      const quantity = parseQuantity(text);
      assert.equal(quantity.canonical, canonical);
      assert.ok(Math.abs(quantity.value - value) <= Math.abs(value) * 1e-15);
    });
  }
});

Deno.test("parseQuantity() refuses what is no quantity, quoting it", async (t) => {
  for (const text of REFUSED) {
    await t.step(JSON.stringify(text), () => {
      assert.throws(() => parseQuantity(text), (err: Error) => {
        return err.name === "SyntaxError" && err.message.includes(JSON.stringify(text));
      });
    });
  }
});

Deno.test("parseQuantity() reads its canonical text back to the same amount", () => {
  const suffix = fc.constantFrom("", "n", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "e-2", "E5");
  const number = fc.tuple(fc.integer({ min: -99999, max: 99999 }), fc.nat(999), suffix);
  fc.assert(fc.property(number, ([whole, fraction, unit]) => {
    const first = parseQuantity(`${whole}.${fraction}${unit}`);
    const second = parseQuantity(first.canonical);
    assert.equal(second.nanos, first.nanos);
    assert.equal(second.canonical, first.canonical);
  }));
});

Deno.test("parseByteSize() reads whole, non-negative sizes", () => {
  assert.equal(parseByteSize("8388608"), 8_388_608);
  assert.equal(parseByteSize("64Mi"), 67_108_864);
  assert.equal(parseByteSize("1.5Ki"), 1536);
  assert.equal(parseByteSize("0"), 0);
});

Deno.test("parseByteSize() refuses parts of bytes, negative and unsafe sizes", () => {
  for (const text of ["-1", "500m", "0.5", "1.0001Ki", "9Pi", "1E"]) {
    assert.throws(() => parseByteSize(text), RangeError);
  }
  assert.throws(() => parseByteSize("64MB"), SyntaxError);
});
