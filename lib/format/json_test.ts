/** JSON with integers of any size. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { parseJson, stringifyJson } from "./json.ts";

Deno.test("parseJson() keeps integers a number cannot hold", () => {
  assert.equal(parseJson("9007199254740991"), 9007199254740991);
  assert.equal(parseJson("9007199254740993"), 9007199254740993n);
  assert.equal(parseJson("-9223372036854775808"), -9223372036854775808n);
  assert.deepEqual(parseJson('{"a":[1,12345678901234567890,{"b":"12345678901234567890"}]}'), {
    a: [1, 12345678901234567890n, { b: "12345678901234567890" }],
  });
});

Deno.test("parseJson() leaves fractions and exponents to numbers", () => {
  const text = "[0.12345678901234567890, 1e30, 12345678901234567890.5, 12345678901234567890e1]";
  assert.deepEqual(parseJson(text), JSON.parse(text));
});

Deno.test("parseJson() is not misled by strings, escapes and empty containers", () => {
  const text = String
    .raw`{"a\"1234567890123456789,{": [], "b": {}, "\\": "\u0041", "": [[{}], ""], "n": null}`;
  assert.deepEqual(parseJson(text), JSON.parse(text));
  assert.equal(parseJson(String.raw`"\"1234567890123456789\""`), '"1234567890123456789"');
});

Deno.test("parseJson() takes a key named __proto__ for a key", () => {
  const value = parseJson('{"__proto__": {"x": 1}, "n": 1234567890123456789}');
  assert.deepEqual(Object.keys(value ?? {}), ["__proto__", "n"]);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
});

Deno.test("parseJson() refuses what JSON.parse() refuses", () => {
  for (
    const text of ["", "{", "[1,]", "01234567890123456789", "1234567890123456789n", "'a'", "NaN"]
  ) {
    assert.throws(() => parseJson(text), SyntaxError);
  }
});

Deno.test("parseJson() takes any depth", () => {
  const depth = 20_000;
  const value = parseJson("[".repeat(depth) + "12345678901234567890" + "]".repeat(depth));
  assert.ok(Array.isArray(value));
});

Deno.test("stringifyJson() writes bigints digit by digit", () => {
  const value = { a: [1n, -12345678901234567890n], b: {}, c: [], d: undefined, e: new Date(0) };
  assert.equal(
    stringifyJson(value),
    '{"a":[1,-12345678901234567890],"b":{},"c":[],"e":"1970-01-01T00:00:00.000Z"}',
  );
});

Deno.test("stringifyJson() refuses cycles and what JSON has no form for", () => {
  const cycle: unknown[] = [1n];
  cycle.push(cycle);
  assert.throws(() => stringifyJson(cycle), TypeError);
  assert.throws(() => stringifyJson(undefined), TypeError);
});

Deno.test("stringifyJson() lays out as JSON.stringify() does", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.nat(4), (value, indent) => {
    assert.equal(stringifyJson(value, { indent }), JSON.stringify(value, null, indent));
    const withBigInt = [value, { x: 7n }];
    const same = JSON.stringify([value, { x: 7 }], null, indent);
    assert.equal(stringifyJson(withBigInt, { indent }), same);
  }));
});

Deno.test("parseJson() reads back what stringifyJson() wrote", () => {
  const big = fc.bigInt().filter((value) => !Number.isSafeInteger(Number(value)));
  fc.assert(fc.property(fc.jsonValue({ noUnicodeString: false }), big, (value, integer) => {
    const whole = [integer, value, { integer }];
    // Large whole doubles come back as bigint, by design.
    fc.pre(!/\d{16}/.test(JSON.stringify(value)));
    assert.deepEqual(
      parseJson(stringifyJson(whole)),
      JSON.parse(JSON.stringify(whole, toMarker), fromMarker),
    );
  }));
});

function toMarker(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? { bigint: `${value}` } : value;
}

function fromMarker(_: string, value: unknown): unknown {
  const isMarker = typeof value === "object" && value !== null && "bigint" in value;
  return isMarker ? BigInt(String(value.bigint)) : value;
}
