/** Types of a schema's values: what the compiler makes of them, with the values that JSON really shows. */

import assert from "node:assert/strict";
import { FlagSet } from "#lib/flags/flag_set.ts";
import { flagSetBody } from "#lib/flags/wire.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { declareBuiltIn } from "../built_in_flags.ts";
import { declareSchema } from "../schema.ts";
import { emitTypes } from "./emit_types.ts";

const DOCUMENT = {
  set: "check-out",
  flags: {
    rate_limit: { type: "int", usage: "requests */ per\nsecond" },
    big: { type: "int64", default: "9007199254740993" },
    ratio: { type: "float", default: "+Inf" },
    on: { type: "bool" },
    "dark.mode": { type: "enum", values: ["on", "it's off"] },
    tags: { type: "string-set", default: ["b", "a"] },
    order: { type: "string-slice" },
    timeout: { type: "duration", default: "5s" },
    bytes: { type: "binary" },
    hook: { type: "url", default: "https://x/" },
    skip: { type: "regex", default: "^a" },
    cache: { type: "bytes-size", default: "64Mi" },
    password: { type: "string", secret: true, default: "hunter2" },
    free: { type: "json", default: [1] },
    any: { type: "json", allowScalar: true, default: 5 },
    limits: {
      type: "json",
      default: { policy: "deny", "a-b": [{ n: 1, next: { n: 2 } }], size: null, map: { x: 1 } },
      jsonSchema: {
        type: "object",
        required: ["policy"],
        properties: {
          policy: { enum: ["allow", "deny"] },
          "a-b": { type: "array", items: { $ref: "#/$defs/node" } },
          size: { type: ["number", "null"] },
          either: { anyOf: [{ type: "string" }, { const: 5 }] },
          both: { allOf: [{ type: "object", required: ["a"] }, { type: "object" }] },
          map: { type: "object", additionalProperties: { type: "integer" } },
          none: { type: "object", additionalProperties: false },
        },
        additionalProperties: false,
        $defs: {
          node: {
            type: "object",
            required: ["n"],
            properties: { n: { type: "integer" }, next: { $ref: "#/$defs/node" } },
            additionalProperties: false,
          },
        },
      },
    },
  },
};

function emitted() {
  const flags = new FlagSet("check-out");
  declareBuiltIn(flags);
  declareSchema(flags, DOCUMENT);
  return { flags, text: emitTypes(flags, DOCUMENT) };
}

async function check(lines: readonly string[]): Promise<{ ok: boolean; output: string }> {
  await using dir = await tempDir();
  const path = await dir.write("types.ts", lines.join("\n"));
  const config = await dir.write(
    "deno.json",
    '{"compilerOptions":{"exactOptionalPropertyTypes":true}}',
  );
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", "--no-lock", "--config", config, path],
    env: { NO_COLOR: "1" },
    stderr: "piped",
  }).output();
  return { ok: success, output: new TextDecoder().decode(stderr) };
}

Deno.test("emitTypes() writes a type that the values fit", async () => {
  const { flags, text } = emitted();
  const values = JSON.stringify(flagSetBody(flags).flags, null, 2);
  const { ok, output } = await check([text, `export const values: CheckOutFlags = ${values};`]);
  assert.ok(ok, output);
  assert.match(text, /\/\*\* requests \*\u200b\/ per second \*\//);
  assert.doesNotMatch(text, /hunter2/);
});

Deno.test("emitTypes() writes a type that says no", async () => {
  const { text } = emitted();
  const wrong = [
    ...['{ rate_limit: "5" }', '{ on: "true" }', '{ "dark.mode": "off" }', "{ tags: [1] }"],
    ...["{ timeout: 5 }", '{ password: "x" }', '{ loglevel: "loud" }', "{ free: 5 }"],
    ...["{ limits: {} }", '{ limits: { policy: "x" } }', '{ limits: { policy: "deny", more: 1 } }'],
    ...['{ limits: { policy: "deny", "a-b": [{}] } }', '{ limits: { policy: "deny", size: "" } }'],
    ...['{ limits: { policy: "deny", either: 6 } }', '{ limits: { policy: "deny", both: {} } }'],
    '{ limits: { policy: "deny", map: { x: "1" } } }',
  ];
  const { ok, output } = await check([
    text,
    ...wrong.flatMap((value, index) => [
      "// @ts-expect-error -- it does not fit",
      `export const v${index}: Partial<CheckOutFlags> = ${value};`,
    ]),
  ]);
  assert.ok(ok, output);
});

Deno.test("emitTypes() finds a name for any set", () => {
  for (const [set, name] of [["", "Flags"], ["2nd set", "_2ndSetFlags"], ["ä", "Flags"]] as const) {
    assert.match(emitTypes(new FlagSet(set), {}), new RegExp(`export interface ${name} {`));
  }
});
