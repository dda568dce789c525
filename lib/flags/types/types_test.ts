/** Every type against its documented grammar, beyond the recorded vectors of the reference. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { ParseFailure } from "../errors.ts";
import { compareBytes } from "../text.ts";
import { binaryType } from "./binary.ts";
import { Duration, durationType } from "./duration.ts";
import type { FlagType } from "./flag_type.ts";
import { floatType } from "./float.ts";
import { int64Type, intType } from "./integers.ts";
import { jsonType } from "./json.ts";
import { stringSetType, stringSliceType } from "./lists.ts";
import { boolType, enumType, logLevelType, stringType } from "./scalars.ts";
import { bytesSizeType, regexType, urlType } from "./text_forms.ts";

const EVERY_TYPE: readonly FlagType<unknown>[] = [
  ...[boolType, intType, int64Type, floatType, stringType, durationType],
  ...[stringSliceType, stringSetType, binaryType, logLevelType, enumType(["a", "b"])],
  ...[urlType, regexType, bytesSizeType],
];

Deno.test("every type parses a text or throws a ParseFailure, and reads its own print back", () => {
  const alphabet = '0123456789+-_.,eExXoObBpPnNaAiIfFtTsSmMhHdDwWuµ =/"\\{}[]:';
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom(...alphabet) }),
    fc.string({ unit: "binary" }),
  );
  for (const type of EVERY_TYPE) {
    fc.assert(
      fc.property(text, (input) => {
        let value: unknown;
        try {
          value = type.parse(input);
        } catch (err) {
          assert.ok(err instanceof ParseFailure, String(err));
          return;
        }
        const printed = type.format(value);
        assert.equal(type.format(type.parse(printed)), printed, `${type.name} ${input}`);
      }),
      { numRuns: 300 },
    );
  }
});

Deno.test("int64Type reads every integer in every base, with underscores", () => {
  const value = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const base = fc.constantFrom([10, ""], [16, "0x"], [16, "0X"], [8, "0o"], [8, "0"], [2, "0b"]);
  fc.assert(fc.property(value, base, fc.boolean(), (integer, [radix, prefix], isSpaced) => {
    const digits = (integer < 0n ? -integer : integer).toString(Number(radix));
    const shown = isSpaced ? digits.split("").join("_") : digits;
    assert.equal(int64Type.parse(`${integer < 0n ? "-" : "+"}${prefix}${shown}`), integer);
  }));
});

Deno.test("intType holds the safe integers", () => {
  assert.equal(intType.parse("0x1F_FFFF_FFFF_FFFF"), Number.MAX_SAFE_INTEGER);
  assert.equal(intType.parse("-9007199254740991"), Number.MIN_SAFE_INTEGER);
  for (const text of ["9007199254740992", "-9007199254740992", "9223372036854775808"]) {
    assert.throws(() => intType.parse(text), {
      message: `strconv.ParseInt: parsing "${text}": value out of range`,
      reason: "range",
    });
  }
  assert.equal(intType.format(-0), "0");
});

Deno.test("int64Type shows integers as JSON numbers where they fit", () => {
  assert.deepEqual([int64Type.toJson(5n), int64Type.toJson(2n ** 53n)], [5, "9007199254740992"]);
});

Deno.test("floatType reads back every number it prints", () => {
  fc.assert(fc.property(fc.double(), (value) => {
    assert.ok(Object.is(floatType.parse(floatType.format(value)), value));
  }));
});

Deno.test("floatType reads hexadecimal numbers as exactly as decimal ones", () => {
  const mantissa = fc.bigInt({ min: 1n, max: 2n ** 60n });
  fc.assert(fc.property(mantissa, fc.integer({ min: -60, max: 60 }), (integer, power) => {
    // A power of two scales without rounding here, so the conversion alone rounds.
    const expected = Number(integer) * 2 ** power;
    assert.equal(floatType.parse(`0x${integer.toString(16)}p${power}`), expected);
  }));
  // Ties to even, at the edge of the subnormal numbers.
  assert.equal(floatType.parse("0x1p-1075"), 0);
  assert.equal(floatType.parse("0x3p-1075"), 2 ** -1073);
  assert.equal(floatType.parse("0x1.00000000000001p-1075"), 2 ** -1074);
});

Deno.test("floatType shows what JSON has no number for as text", () => {
  assert.deepEqual([NaN, Infinity, -Infinity, 1.5].map(floatType.toJson), [
    "NaN",
    "+Inf",
    "-Inf",
    1.5,
  ]);
});

Deno.test("durationType reads back every duration it prints", () => {
  const ns = fc.bigInt({ min: -(2n ** 63n - 1n), max: 2n ** 63n - 1n });
  fc.assert(fc.property(ns, (value) => {
    assert.equal(durationType.parse(new Duration(value).toString()).ns, value);
  }));
});

Deno.test("durationType computes in exact decimals and refuses what 64 bits cannot hold", () => {
  assert.equal(durationType.parse("1.001s").ns, 1_001_000_000n);
  assert.equal(durationType.parse("0.000000001999s").ns, 1n);
  assert.equal(durationType.parse("9223372036854775807ns").ns, 2n ** 63n - 1n);
  assert.equal(durationType.parse("+5\u03bcs").ns, 5000n);
  for (const text of ["9223372036854775808ns", "-9223372036854775808ns", "15251w"]) {
    assert.throws(() => durationType.parse(text), {
      message: `duration ${text} out of range`,
      reason: "range",
    });
  }
});

Deno.test("Duration tells milliseconds and seconds, and does not change", () => {
  const duration = durationType.parse("1.5s");
  assert.deepEqual([duration.ms, duration.seconds, `${duration}`], [1500, 1.5, "1.5s"]);
  assert.equal(JSON.stringify({ duration }), '{"duration":"1.5s"}');
  assert.equal(Duration.ofMs(0.25).ns, 250_000n);
  assert.ok(Object.isFrozen(duration));
});

Deno.test("stringSetType prints in the order of the bytes, without repetitions", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary" })), (items) => {
    const printed = stringSetType.format(stringSetType.parse(items.join(",")));
    const elements = new Set(items.join(",").split(","));
    assert.equal(printed, [...elements].sort(compareBytes).join(","));
  }));
});

Deno.test("binaryType reads any bytes back, and files as they are", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    assert.deepEqual(binaryType.parse(binaryType.format(bytes)), Uint8Array.from(bytes));
    assert.deepEqual(binaryType.fromBytes?.(bytes), bytes.slice());
  }));
});

Deno.test("jsonType keeps the document as it was written, without white space", () => {
  const type = jsonType<unknown>();
  const text =
    ' { "b" : 12345678901234567890 , "a" : [ 1e6, 1.50, "\\u0041 <&>\\u2028" ] , "b" : {} } ';
  assert.equal(
    type.format(type.parse(text)),
    '{"b":12345678901234567890,"a":[1e6,1.50,"A \\u003c\\u0026\\u003e\\u2028"],"b":{}}',
  );
});

Deno.test("jsonType freezes values deeply and refuses scalars and null", () => {
  const value = jsonType<{ a: { b: number[] } }>().parse('{"a":{"b":[1]}}');
  assert.throws(() => value.a.b.push(2), TypeError);
  for (const text of ["1", '"x"', "true"]) {
    assert.throws(() => jsonType().parse(text), { message: "JSON object or array expected" });
    assert.equal(
      jsonType({ allowScalar: true }).format(jsonType({ allowScalar: true }).parse(text)),
      text,
    );
  }
  for (const allowScalar of [true, false]) {
    assert.throws(() => jsonType({ allowScalar }).parse("null"), /null is not a value/);
  }
  assert.throws(() => jsonType().parse("{"), /^ParseFailure: invalid JSON: /);
});

Deno.test("jsonType prints what JSON.stringify() prints, escaped for HTML", () => {
  fc.assert(fc.property(fc.jsonValue(), (content) => {
    const type = jsonType<unknown>();
    const text = JSON.stringify([content], null, 1);
    const printed = type.format(type.parse(text));
    assert.deepEqual(JSON.parse(printed), JSON.parse(text));
    assert.ok(!/[<>&\u2028\u2029]/.test(printed));
  }));
});

Deno.test("logLevelType reads any case and prints lower case", () => {
  assert.equal(logLevelType.parse("WaRNing"), "warning");
  assert.throws(() => logLevelType.parse("loud"), {
    message: "should be one of [Debug Verbose Info Warning Error Critical Fatal]",
  });
});

Deno.test("enumType accepts its values alone", () => {
  assert.equal(enumType(["a", "b"]).parse("b"), "b");
  assert.throws(() => enumType(["a", "b"]).parse("B"), { message: "should be one of [a b]" });
});

Deno.test("binaryType reads base64 of 4 MiB", () => {
  const size = 4 * 1024 * 1024;
  const text = binaryType.format(new Uint8Array(size).fill(7));
  assert.equal(binaryType.parse(text).length, size);
  assert.throws(() => binaryType.parse(`${text}*`), {
    message: `illegal base64 data at input byte ${text.length}`,
  });
});

Deno.test("jsonType refuses by name what is nested too deeply to be printed", () => {
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  const type = jsonType();
  assert.equal(type.format(type.parse(nested(1000))), nested(1000));
  for (const levels of [1001, 100_000]) {
    assert.throws(() => type.parse(nested(levels)), {
      message: "JSON is nested deeper than 1000 levels",
    });
  }
});
