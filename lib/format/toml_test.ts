/** TOML documents. */

import assert from "node:assert/strict";
import { parseToml } from "./toml.ts";

Deno.test("parseToml() reads tables, lists, numbers and dates", () => {
  const text =
    'set = "shop"\n[flags.limit]\ntype = "int"\ndefault = 5\nenum = [1, 5]\n[flags.since]\ndefault = 2026-01-02T03:04:05Z\n';
  assert.deepEqual(parseToml(text), {
    set: "shop",
    flags: {
      limit: { type: "int", default: 5, enum: [1, 5] },
      since: { default: "2026-01-02T03:04:05.000Z" },
    },
  });
});

Deno.test("parseToml() says where a document is malformed", () => {
  assert.throws(
    () => parseToml('a = 1\nb = "x\n'),
    (error) =>
      error instanceof SyntaxError &&
      /^Cannot parse TOML at line 2, column \d+: /.test(error.message),
  );
});
