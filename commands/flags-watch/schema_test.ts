/** Schemas: every type and validator, and all that is wrong in one go. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { FlagSet } from "#lib/flags/flag_set.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import { declareBuiltIn } from "./built_in_flags.ts";
import { declareSchema, SchemaError, setNameOf } from "./schema.ts";
import { parseSchema, readSchemaFile } from "./schema_file.ts";

function declared(flags: Record<string, unknown>, more: Record<string, unknown> = {}): FlagSet {
  const set = new FlagSet();
  declareSchema(set, { flags, ...more });
  return set;
}

function problemsOf(document: unknown): readonly string[] {
  const set = new FlagSet();
  declareBuiltIn(set);
  try {
    declareSchema(set, document);
  } catch (err) {
    if (err instanceof SchemaError) return err.problems;
    throw err;
  }
  return [];
}

Deno.test("declareSchema() makes flags of every type with natural, textual and absent defaults", () => {
  const cases: [type: string, natural: unknown, text: string, canonical: string, absent: string][] =
    [
      ["bool", true, "T", "true", "false"],
      ["boolean", true, "1", "true", "false"],
      ["int", 1000000, "1_000_000", "1000000", "0"],
      ["int64", "9223372036854775807", "9223372036854775807", "9223372036854775807", "0"],
      ["float", 1000000, "1e6", "1e+06", "0"],
      ["double", 1.5, "1.5", "1.5", "0"],
      ["string", "x", "x", "x", ""],
      ["duration", "90m", "90m", "1h30m", "0s"],
      ["string-slice", ["b", "a"], "b,a", "b,a", ""],
      ["[]string", ["b", "a"], "b,a", "b,a", ""],
      ["string-set", ["b", "a"], "b,a", "a,b", ""],
      ["json", { a: 1 }, '{"a": 1}', '{"a":1}', "{}"],
      ["binary", "AAE=", "AAE=", "AAE=", ""],
      ["log-level", "Warning", "WARNING", "warning", "info"],
      ["regex", "^a+$", "^a+$", "^a+$", "(?:)"],
      ["bytes-size", 2048, "2KiB", "2Ki", "0"],
    ];
  for (const [type, natural, text, canonical, absent] of cases) {
    const flags = declared({
      a: { type, default: natural },
      b: { type, default: text },
      c: { type },
    });
    const texts = ["a", "b", "c"].map((name) => flags.get(name)?.toString());
    assert.deepEqual(texts, [canonical, canonical, absent], type);
    assert.ok(flags.entries().every(({ value }) => !value.isChanged), type);
  }
  const mode = declared({ mode: { type: "enum", values: ["on", "off"] } }).get("mode");
  assert.equal(mode?.toString(), "on");
  assert.throws(() => mode?.set("no"), /should be one of \[on off\]/);
  // There is no URL that stands for none.
  const url = { type: "url", default: "https://x/a", pattern: "^https:" };
  const hook = declared({ hook: url }).get("hook");
  assert.throws(() => hook?.set("http://x/"), /must match regex/);
  const cache = declared({ cache: { type: "bytes-size", default: "1Ki", max: "1Mi" } }).get(
    "cache",
  );
  assert.throws(() => cache?.set("2Mi"), /must be at most/);
});

Deno.test("declareSchema() says that a secret default is refused, and does not tell it", () => {
  const pin = { type: "int", default: "hunter2", secret: true };
  const word = { type: "string", default: "hunter2", secret: true, pattern: "^x" };
  assert.deepEqual(problemsOf({ flags: { pin, word } }), [
    "flag pin: default: refused",
    "flag word: default: refused",
  ]);
});

Deno.test("declareSchema() obeys static, secret, trim, list syntax, deprecated and file", () => {
  const flags = declared({
    s: { type: "int", static: true, usage: "u", deprecated: "use t" },
    p: { type: "string", secret: true, trim: false },
    l: { type: "string-slice", separator: "\n", trimElements: true, emptyIsEmpty: true },
    j: { type: "json", allowScalar: true, default: {}, file: "/f" },
  });
  assert.ok(flags.get("s")?.isDynamic === false);
  assert.equal(flags.get("s")?.usage, "u (deprecated: use t)");
  assert.ok(flags.get("p")?.isSecret);
  flags.set("p", " x\n");
  assert.equal(flags.get("p")?.value, " x\n");
  flags.set("l", "a \n b");
  assert.deepEqual(flags.get("l")?.value, ["a", "b"]);
  flags.set("l", "");
  assert.deepEqual(flags.get("l")?.value, []);
  flags.set("j", "5");
  assert.equal(flags.get("j_path")?.value, "/f");
});

Deno.test("declareSchema() checks values by each validator", () => {
  const cases: [declaration: Record<string, unknown>, good: string, bad: string, text: RegExp][] = [
    [{ type: "int", default: 5, min: 1, max: 9 }, "9", "10", /^value 10 not in \[1, 9\] range$/],
    [{ type: "duration", default: "1s", max: "1m" }, "1m", "61s", /must be at most 1m$/],
    [{ type: "float", exclusiveMin: -1 }, "0", "-1", /must be above -1$/],
    [{ type: "float", min: 0 }, "0", "NaN", /must be at least 0$/],
    [{ type: "int64", exclusiveMax: "9" }, "8", "9", /must be below 9$/],
    [{ type: "string", default: "ab", pattern: "^a" }, "a", "b", /^value b must match regex \^a$/],
    [{ type: "int", default: 1, enum: [1, "2"] }, "2", "3", /^should be one of \[1 2\]$/],
    [{ type: "string", default: "ab", minLength: 2, maxLength: 3 }, "😀😀😀", "a", /at least 2$/],
    [
      { type: "string-slice", default: ["a"], minElements: 1, maxElements: 2 },
      "a,b",
      "a,b,c",
      /2$/,
    ],
    [{ type: "string-set", elementPattern: "^x?$" }, "x", "x,y", /^value y must match regex/],
    [
      { type: "json", jsonSchema: { type: "object", required: [], maxItems: 1 } },
      '{"a":1}',
      "[]",
      /must be object/,
    ],
  ];
  for (const [declaration, good, bad, text] of cases) {
    const flags = declared({ f: declaration });
    flags.set("f", good);
    assert.throws(
      () => flags.set("f", bad),
      (err) => err instanceof Error && text.test(err.message),
    );
    assert.equal(
      flags.get("f")?.toString(),
      declared({ f: declaration }).get("f")?.type.format(
        flags.get("f")?.value,
      ),
    );
  }
});

Deno.test("declareSchema() refuses numbers that reading the schema has rounded", () => {
  const large: unknown = JSON.parse("9007199254740993");
  const text = "9007199254740993";
  assert.deepEqual(
    problemsOf({
      flags: {
        a: { type: "int64", default: large },
        b: { type: "int64", max: large },
        c: { type: "int64", default: text, max: text, enum: [text] },
        d: { type: "float", default: 1e300 },
      },
    }),
    [
      "flag a: default: 9007199254740992 may have been rounded, write it as text",
      "flag b: max: 9007199254740992 may have been rounded, write it as text",
    ],
  );
});

Deno.test("declareSchema() tells everything that is wrong", () => {
  const problems = problemsOf({
    extra: 1,
    set: 5,
    flags: {
      loglevel: { type: "int" },
      ".x": { type: "int" },
      a: { type: "integer" },
      b: { type: "int", default: "x", usge: "" },
      c: { type: "int", default: 11, max: 10 },
      d: { type: "bool", min: 1 },
      e: { type: "string", pattern: "(" },
      f: { type: "json", jsonSchema: { not: {} } },
      g: { type: "int", min: 5, max: 1 },
      h: { type: "enum" },
      i: { type: "int", static: "yes", separator: ";" },
      j: 1,
      k: { type: "duration", default: 5 },
    },
  });
  for (
    const part of [
      ...[
        "extra: no such member",
        "set: text",
        "flag loglevel: name is taken",
      ],
      ...["flag .x: name", 'flag a: type: there is no type "integer"', "flag b: default:"],
      ...["flag b: usge: no such member", "flag c: default: value 11 must be at most 10"],
      ...[
        "flag d: min: it goes with",
        "flag e: pattern:",
        "flag f: jsonSchema: not: not supported",
      ],
      ...["flag g: min: it is above max", "flag h: values:", "flag i: static: boolean is expected"],
      ...[
        "flag i: separator: it goes with lists",
        "flag j: an object",
        "flag k: default: no value",
      ],
    ]
  ) {
    assert.ok(
      problems.some((problem) => problem.startsWith(part)),
      `${part}\n${problems.join("\n")}`,
    );
  }
  assert.deepEqual(problemsOf([]), ["schema: an object is expected"]);
  assert.deepEqual(problemsOf({}), ["flags: an object is expected"]);
});

Deno.test("declareSchema() never throws anything but its problems", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (declaration, value) => {
    problemsOf({
      flags: { a: declaration, b: { type: "json", jsonSchema: declaration, default: [value] } },
    });
    problemsOf(value);
  }));
});

Deno.test("readSchemaFile() reads JSON, YAML and stdin, and tells what it cannot", async () => {
  const files = new Map([
    ["a.json", '{"set":"x","flags":{}}'],
    ["a.yaml", "set: x\nflags: {}\n"],
    ["bad.json", "{"],
  ]);
  const readers = {
    readFile: (path: string) =>
      Promise.resolve(files.has(path) ? new TextEncoder().encode(files.get(path)) : undefined),
    readStdin: () => Promise.resolve('{"set":"in"}'),
  };
  assert.equal(setNameOf(await readSchemaFile("a.json", readers)), "x");
  assert.deepEqual(await readSchemaFile("a.yaml", readers), { set: "x", flags: {} });
  assert.equal(setNameOf(await readSchemaFile("-", readers)), "in");
  await assert.rejects(readSchemaFile("none.json", readers), /no such file/);
  await assert.rejects(readSchemaFile("bad.json", readers), UsageError);
  assert.deepEqual(await parseSchema('[flags.a]\ntype = "int"\n', "a.toml"), {
    flags: { a: { type: "int" } },
  });
  await assert.rejects(parseSchema("a = ", "a.toml"), /^UsageError: Schema "a.toml": .* line 1/);
});
