/** Checks and their texts, beyond the recorded ones of the reference. */

import assert from "node:assert/strict";
import * as v from "valibot";
import { dyn } from "./declare.ts";
import {
  refusalOf,
  type StandardSchema,
  toValidator,
  validateMinElements,
  validateOneOf,
  validateRange,
  validateRegex,
} from "./validators.ts";

Deno.test("validateRange() includes both ends and has no place for NaN", () => {
  const inUnit = validateRange(0, 1);
  assert.equal(refusalOf(inUnit, 0), undefined);
  assert.equal(refusalOf(inUnit, 1), undefined);
  assert.equal(refusalOf(inUnit, 1.1), "value 1.1 not in [0, 1] range");
  assert.equal(refusalOf(inUnit, NaN), "value NaN not in [0, 1] range");
  assert.equal(refusalOf(validateRange(1n, 2n), 3n), "value 3 not in [1, 2] range");
});

Deno.test("validateRegex() searches, and does not remember the last search", () => {
  const validate = validateRegex(/b/g);
  assert.equal(refusalOf(validate, "abc"), undefined);
  assert.equal(refusalOf(validate, "abc"), undefined);
  assert.equal(refusalOf(validate, "xyz"), "value xyz must match regex b");
  assert.equal(refusalOf(validateRegex("^a$"), "ba"), "value ba must match regex ^a$");
});

Deno.test("validateMinElements() counts lists and sets", () => {
  assert.equal(refusalOf(validateMinElements(1), ["a"]), undefined);
  assert.equal(
    refusalOf(validateMinElements(3), new Set(["b", "a"])),
    "value set a,b must have at least 3 elements",
  );
});

Deno.test("validateOneOf() accepts the listed values", () => {
  assert.equal(refusalOf(validateOneOf(80, 443), 443), undefined);
  assert.equal(refusalOf(validateOneOf(80, 443), 8080), "should be one of [80 443]");
});

Deno.test("refusalOf() takes texts, errors and exceptions for a no", () => {
  assert.equal(refusalOf(() => "too much", 1), "too much");
  assert.equal(refusalOf(() => new RangeError("Too much"), 1), "Too much");
  const throwing = () => {
    throw new Error("Too much");
  };
  assert.equal(refusalOf(throwing, 1), "Too much");
  assert.equal(refusalOf(() => undefined, 1), undefined);
});

Deno.test("a JSON flag is checked by a Standard Schema", () => {
  const schema = v.object({ policy: v.picklist(["allow", "deny"]) });
  const flag = dyn.json({ policy: "allow" }, "", { validate: schema });
  flag.set('{"policy":"deny"}');
  assert.throws(() => flag.set('{"policy":"maybe"}'), {
    reason: "validation",
    message: /^policy: /,
  });
  assert.deepEqual(flag.value, { policy: "deny" });
});

Deno.test("toValidator() refuses a schema that answers later", () => {
  const schema: StandardSchema = {
    "~standard": { version: 1, validate: () => Promise.resolve({}) },
  };
  assert.equal(refusalOf(toValidator(schema), 1), "schema validates asynchronously");
});

Deno.test("refusalOf() refuses a validator that answers later, and its error is lost on nobody", async () => {
  const late = async () => {
    await Promise.resolve();
    throw new Error("Too late");
  };
  // Programs in JavaScript may hand one in.
  const check = late as unknown as () => void;
  assert.equal(refusalOf(check, 1), "validator answers asynchronously");
  // An unhandled rejection would fail this test.
  await new Promise((resolve) => setTimeout(resolve, 0));
});
