/** Rules of a schema: their language, and updates that break them. */

import assert from "node:assert/strict";
import { FlagError } from "#lib/flags/errors.ts";
import { FlagSet } from "#lib/flags/flag_set.ts";
import fc from "fast-check";
import { declareSchema, SchemaError } from "../schema.ts";
import { parseRule } from "./expression.ts";
import { addRules } from "./rules.ts";
import { RuleSyntaxError } from "./tokens.ts";

const FLAGS = {
  n: { type: "int", default: 5 },
  big: { type: "int64", default: "9007199254740993" },
  f: { type: "float", default: 0.5 },
  timeout: { type: "duration", default: "5s" },
  "max-wait": { type: "duration", default: "1m" },
  mode: { type: "enum", values: ["fast", "safe"] },
  text: { type: "string", default: "a" },
  on: { type: "bool", default: true },
  tags: { type: "string-set", default: ["a", "b"] },
  order: { type: "string-slice", default: ["x", "y"] },
  json: { type: "json", default: {} },
  "0": { type: "int", default: 1 },
};

function declared(rules: unknown = []): FlagSet {
  const flags = new FlagSet();
  declareSchema(flags, { flags: FLAGS, rules }, addRules);
  return flags;
}

function holds(text: string): boolean {
  const flags = declared();
  return parseRule(text, (name) => flags.get(name)?.type.name)
    .holds((name) => flags.get(name)?.value);
}

function problemsOf(rules: unknown): readonly string[] {
  try {
    declared(rules);
  } catch (err) {
    assert.ok(err instanceof SchemaError);
    return err.problems;
  }
  return assert.fail("nothing was wrong");
}

Deno.test("parseRule() understands comparisons of every kind", () => {
  for (
    const text of [
      ...["n < 6", "n <= 5", "n == 5", "n != 6", "n >= 5", "n > 4", "5 == n", "n == 5.0"],
      ...["f < n", "f == 0.5", "f > -1e3", "big == 9007199254740993", "big > n"],
      ...["timeout <= max-wait", "timeout == 5000ms", "timeout < 1h30m", "0s < timeout"],
      ...['mode == "fast"', 'mode != "safe"', 'mode in ["fast", "safe"]', "n in [1, 5]"],
      ...["text in tags", '!(text in ["b"])', '"b" in tags', 'order == ["x", "y"]'],
      ...["on", "!!on", "on == true", "on != false", "(n < 6) == on", "`0` == 1"],
      ...["n < 1 || n > 4", "n > 4 && f < 1 || false", "true || n < 1 && false"],
      "!(n > 5) && (on || n == 0)",
    ]
  ) {
    assert.ok(holds(text), text);
    assert.ok(!holds(`!(${text})`), text);
  }
  // One number more than a double can tell from it.
  assert.ok(!holds("big == 9007199254740992"));
});

Deno.test("parseRule() says what is wrong, and where", () => {
  for (
    const [text, message] of [
      ["", /column 1: something is missing/],
      ["n <", /column 4: something is missing/],
      ["n < 5 5", /column 7: unexpected "5"/],
      ["n", /column 1: a condition is expected, this is of kind number/],
      ["!n", /column 2: a condition/],
      ["on && n", /column 7: a condition/],
      ["n < timeout", /column 3: number and duration cannot be compared/],
      ["text < text", /column 6: < is for numbers and durations, not for text/],
      ["nope == 1", /column 1: there is no flag "nope"/],
      ["json == 1", /column 1: flag "json" of type json cannot be compared/],
      ["n in tags", /column 3: in needs a list of kind number/],
      ["n in 5", /column 3: in needs a list/],
      ['n in [1, "a"]', /column 10: number and text/],
      ["n in [tags]", /column 7: a list in a list/],
      ["(n == 1", /column 8: "\)" is expected/],
      ["n == 1)", /column 7: unexpected "\)"/],
      ["n = 1", /column 3: unexpected "="/],
      ['text == "a', /column 9: unexpected "\\""/],
      ['text == "\\q"', /column 9: text is not quoted as in JSON/],
      ["n < 5x", /column 5: unexpected "5"/],
      ["x".repeat(1001), /over 1000 characters/],
    ] as const
  ) {
    assert.throws(() => holds(text), (err: unknown) => {
      assert.ok(err instanceof RuleSyntaxError, text);
      assert.match(err.message, message);
      return true;
    });
  }
});

Deno.test("parseRule() answers or refuses any text, and never anything else", () => {
  const words = [
    "n",
    "on",
    "tags",
    "1",
    "5s",
    '"a"',
    "&&",
    "||",
    "!",
    "(",
    ")",
    "[",
    "]",
    ",",
    "<",
    "in",
    "==",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words), { maxLength: 20 }), (some) => {
      try {
        assert.equal(typeof holds(some.join(" ")), "boolean");
      } catch (err) {
        assert.ok(err instanceof RuleSyntaxError, String(err));
      }
    }),
  );
});

Deno.test("a rule refuses an update as a whole, from whatever source", () => {
  const flags = declared([{ name: "order", assert: "timeout <= max-wait && n < 10" }]);
  const update = flags.apply(
    [["timeout", { raw: "2m" }], ["text", { raw: "new" }], ["f", { raw: "bad" }]],
    { source: "config" },
  );
  assert.deepEqual(update.changes, []);
  assert.deepEqual(update.rejected.map(({ flag, raw }) => [flag, raw]), [
    ["f", "bad"],
    ["text", "new"],
    ["timeout", "2m"],
  ]);
  const message = 'update breaks rule "order": timeout <= max-wait && n < 10';
  assert.equal(update.rejected[2]?.message, message);
  assert.equal(flags.entry("timeout")?.error, message);
  assert.equal(`${flags.get("timeout")} ${flags.get("text")}`, "5s a");
  // Together they are fine, in any order.
  const both = [["max-wait", { raw: "5m" }], ["timeout", { raw: "2m" }]] as const;
  assert.deepEqual(flags.apply(both, { source: "config" }).rejected, []);
  assert.equal(flags.entry("timeout")?.error, undefined);
  // One by one the order counts, also by the value itself.
  assert.throws(() => flags.set("max-wait", "1m", { source: "http" }), FlagError);
  assert.throws(() => flags.get("max-wait")?.set("1m"), FlagError);
  assert.throws(() => flags.get("n")?.setValue(10), /breaks rule/);
  flags.set("text", "free");
  assert.equal(`${flags.get("max-wait")} ${flags.get("text")}`, "5m free");
  // What returns by taking something back is held to the rules as well.
  assert.equal(flags.clearConfig(["max-wait"])?.rejected.length, 1);
  assert.equal(`${flags.get("max-wait")} ${flags.entry("max-wait")?.source}`, "5m config");
  assert.deepEqual(flags.clearConfig(["max-wait", "timeout"])?.rejected, []);
  assert.equal(flags.entry("max-wait")?.source, "default");
});

Deno.test("a schema's rules are checked with it", () => {
  assert.deepEqual(problemsOf({}), ["rules: a list is expected"]);
  assert.deepEqual(
    problemsOf([1, { assert: 1 }, { name: "x", assert: "n >" }, { assert: "n > 5", why: "" }]),
    [
      "rules[0]: an object is expected",
      "rules[1]: assert: text is expected",
      "rules[2]: column 4: something is missing at the end",
      "rules[3]: why: no such member",
      'rules[3]: Cannot add rule "rule 4": n > 5 is not so',
    ],
  );
});
