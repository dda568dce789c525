/** The part of JSON Schema that flags can be checked by. */

import assert from "node:assert/strict";
import { compileJsonSchema } from "./json_schema.ts";

Deno.test("compileJsonSchema() accepts and refuses by each keyword", () => {
  const cases: [schema: unknown, good: unknown[], bad: unknown[]][] = [
    [true, [1], []],
    [false, [], [1]],
    [{ type: "integer" }, [1, 2.0], [1.5, "1", null, []]],
    [{ type: ["null", "array"] }, [null, []], [{}]],
    [{ required: ["a"] }, [{ a: 1 }, 5], [{}]],
    [{ properties: { a: { type: "string" } } }, [{ a: "x" }, { b: 1 }], [{ a: 1 }]],
    [{ properties: { a: true }, additionalProperties: false }, [{ a: 1 }], [{ b: 1 }]],
    [{ additionalProperties: { type: "number" } }, [{ x: 1 }], [{ x: "1" }]],
    [{ items: { minimum: 2 } }, [[2, 3], []], [[1]]],
    [{ enum: [1, { a: 1, b: 2 }] }, [1, { b: 2, a: 1 }], [2]],
    [{ const: [1] }, [[1]], [[2]]],
    [{ exclusiveMinimum: 1, exclusiveMaximum: 3 }, [2], [1, 3]],
    [{ pattern: "^a" }, ["ab", 5], ["b"]],
    [{ minLength: 2, maxLength: 2 }, ["ab", "😀😀"], ["a", "abc"]],
    [{ minItems: 1, maxItems: 1 }, [[1]], [[], [1, 2]]],
    [{ anyOf: [{ type: "string" }, { minimum: 5 }] }, ["a", 5], [4]],
    [{ oneOf: [{ minimum: 1 }, { maximum: 5 }] }, [0, 6], [3]],
    [{ allOf: [{ minimum: 1 }, { maximum: 5 }] }, [3], [0, 6]],
    [{ $ref: "#/$defs/a~1b", $defs: { "a/b": { type: "number" } } }, [1], ["1"]],
    [{ title: "t", format: "email", description: "d" }, ["x"], []],
  ];
  for (const [schema, good, bad] of cases) {
    const check = compileJsonSchema(schema);
    for (const value of good) assert.deepEqual(check(value), [], JSON.stringify([schema, value]));
    for (const value of bad) assert.ok(check(value).length > 0, JSON.stringify([schema, value]));
  }
});

Deno.test("compileJsonSchema() says where a value is wrong", () => {
  const check = compileJsonSchema({ properties: { a: { items: { type: "string" } } } });
  assert.deepEqual(check({ a: ["x", 1] }), ["/a/1: must be string"]);
});

Deno.test("compileJsonSchema() follows schemas that contain themselves, and ends when one never would", () => {
  const tree = compileJsonSchema({
    type: "object",
    properties: { next: { $ref: "#" } },
    additionalProperties: false,
  });
  assert.deepEqual(tree({ next: { next: {} } }), []);
  assert.equal(tree({ next: { prev: 1 } }).length, 1);
  const endless = compileJsonSchema({ allOf: [{ $ref: "#" }, { $ref: "#" }] });
  assert.ok(endless({}).length > 0);
});

Deno.test("compileJsonSchema() refuses what it would have to ignore", () => {
  for (
    const schema of [
      ...[5, { not: {} }, { patternProperties: {} }, { $ref: "http://x/" }, { $ref: "#/none" }],
      ...[{ type: "date" }, { minimum: "1" }, { pattern: "(" }, { anyOf: [] }, { required: [1] }],
    ]
  ) assert.throws(() => compileJsonSchema(schema), Error, JSON.stringify(schema));
});
