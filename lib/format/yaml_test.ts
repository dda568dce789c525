/** YAML in and out, with its limits. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { parseYaml, parseYamlDocuments, stringifyYaml } from "./yaml.ts";

const READ: readonly (readonly [what: string, text: string, value: unknown])[] = [
  ["core scalars", "[true, null, 1, 0x1F, 0o17, 007, 1e3, .5, ~]", [
    ...[true, null, 1, 31, 15, 7, 1000, 0.5, null],
  ]],
  ["words of YAML 1.1 are strings", "[yes, off, 1_000, 12:30, 2001-01-01]", [
    ...["yes", "off", "1_000", "12:30", "2001-01-01"],
  ]],
  ["safe integers are numbers", "[9007199254740991, -9007199254740991]", [
    ...[9007199254740991, -9007199254740991],
  ]],
  ["greater integers are bigints", "[9007199254740992, -9223372036854775808, 0xFFFFFFFFFFFFFFFF]", [
    ...[9007199254740992n, -9223372036854775808n, 18446744073709551615n],
  ]],
  ["merge key", "a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3", {
    a: { x: 1, y: 2 },
    b: { x: 1, y: 3 },
  }],
  ["list of merge keys, first wins", "b: {<<: [{x: 1}, {x: 2, y: 2}]}", { b: { x: 1, y: 2 } }],
  ["non-string keys become strings", "1: a\ntrue: b\nnull: c", { "1": "a", true: "b", null: "c" }],
  ["empty text", "", null],
  ["comment alone", "# x\n", null],
];

Deno.test("parseYaml() reads the core schema and merge keys", async (t) => {
  for (const [what, text, value] of READ) {
    await t.step(what, () => assert.deepEqual(parseYaml(text), value));
  }
});

Deno.test("parseYaml() keeps order and type of keys in maps", () => {
  const value = parseYaml("b: 1\n10: {x: 1}\n2: y\ntrue: z", { mappings: "map" });
  const inner = new Map([["x", 1]]);
  assert.deepEqual(
    value,
    new Map<unknown, unknown>([["b", 1], [10, inner], [2, "y"], [true, "z"]]),
  );
  assert.deepEqual([...(value as Map<unknown, unknown>).keys()], ["b", 10, 2, true]);
});

Deno.test("parseYaml() takes a key named __proto__ for a key", () => {
  const value = parseYaml("__proto__: {polluted: 1}") as Record<string, unknown>;
  assert.equal(value["polluted"], undefined);
  assert.deepEqual(Object.keys(value), ["__proto__"]);
});

Deno.test("parseYamlDocuments() reads every document", () => {
  assert.deepEqual(parseYamlDocuments("a: 1\n---\n---\n- 2\n"), [{ a: 1 }, null, [2]]);
  assert.deepEqual(parseYamlDocuments("\n# nothing\n"), []);
});

const aliases = (count: number) => `a: &a 1\nb: [${Array(count).fill("*a").join(",")}]`;
const nested = (depth: number) => "[".repeat(depth) + "1" + "]".repeat(depth);
const laughs = Array.from({ length: 25 }, (_, at) => {
  return at === 0 ? "- &a0 [x]" : `- &a${at} [*a${at - 1}, *a${at - 1}]`;
}).join("\n");

const REFUSED: readonly (readonly [what: string, text: string, message: string])[] = [
  ["duplicate key", "a: 1\nb: 2\na: 3", " at line 3, column 1: duplicated mapping key"],
  [
    "duplicate key deep inside",
    "a:\n  - b: 1\n    b: 2",
    " at line 3, column 5: duplicated mapping key",
  ],
  ["bad indentation", "a: b: c", " at line 1, column 5: bad indentation of a mapping entry"],
  ["unknown tag", "a: !secret b", " at line 1, column 4: unknown scalar tag !<!secret>"],
  ["unknown alias", "a: *x", ' at line 1, column 5: unidentified alias "x"'],
  ["51 aliases", aliases(51), " at line 2, column 156: more than 50 aliases"],
  ["101 levels", nested(101), " at line 1, column 102: nested deeper than 100"],
  ["aliases that multiply", laughs, ": too many nodes"],
  ["alias to its parent", "a: &a [*a]", ": an alias refers to its own parent"],
  ["two documents", "--- 1\n--- 2", ": 2 documents where one is expected"],
];

Deno.test("parseYaml() refuses with line and column", async (t) => {
  for (const [what, text, message] of REFUSED) {
    await t.step(what, () => {
      assert.throws(() => parseYaml(text), {
        name: "SyntaxError",
        message: `Cannot parse YAML${message}`,
      });
    });
  }
});

Deno.test("parseYaml() accepts 50 aliases and 100 levels", () => {
  assert.ok(parseYaml(aliases(50)));
  assert.ok(parseYaml(nested(100)));
});

Deno.test("parseYaml() quotes the name of the source", () => {
  assert.throws(
    () => parseYaml("a: [", { name: "foo.yml" }),
    /^SyntaxError: Cannot parse YAML "foo.yml" at line 1/,
  );
});

Deno.test("stringifyYaml() prints block style with dashes at the parent's indent", () => {
  const value = { a: { b: ["c", { d: 1, e: undefined }] }, f: "multi\nline\n", g: [], h: {} };
  assert.equal(
    stringifyYaml(value),
    "a:\n  b:\n  - c\n  - d: 1\nf: |\n  multi\n  line\ng: []\nh: {}\n",
  );
  assert.equal(stringifyYaml({ a: [1] }, { indentLists: true }), "a:\n  - 1\n");
});

Deno.test("stringifyYaml() quotes strings another reader could take for something else", () => {
  for (
    const text of ["yes", "null", "1e3", "0o7", "08", "~", "", " x", "a: b", "12:30:45", "<<", "n"]
  ) {
    assert.equal(stringifyYaml([text]), `- '${text}'\n`);
  }
});

Deno.test("stringifyYaml() prints maps in order and shared values in full", () => {
  const shared = { x: 1 };
  assert.equal(
    stringifyYaml(new Map<unknown, unknown>([[2, shared], ["b", shared]])),
    "2:\n  x: 1\nb:\n  x: 1\n",
  );
});

Deno.test("stringifyYaml() refuses what YAML has no form for", () => {
  assert.throws(() => stringifyYaml({ a: () => 1 }));
  assert.throws(() => stringifyYaml([Symbol("x")]));
  assert.equal(stringifyYaml([undefined]), "- null\n");
});

Deno.test("parseYaml() reads back what stringifyYaml() printed", () => {
  const key = fc.string({ unit: "binary" });
  const leaf = fc.oneof(
    key,
    fc.boolean(),
    fc.constant(null),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true })
      // Whole numbers beyond the safe range come back as bigint, by design.
      .filter((value) => !Number.isInteger(value)),
    fc.bigInt().filter((value) => !Number.isSafeInteger(Number(value))),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.array(tie("tree")),
      fc.dictionary(key, tie("tree"), { noNullPrototype: true }),
    ),
  }));
  fc.assert(fc.property(tree, (value) => {
    assert.deepEqual(parseYaml(stringifyYaml(value)), value);
  }));
});
