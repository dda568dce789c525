/** The rewriting of Go-style arguments. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { boolFlag, LIST_SEPARATOR, listFlag, textFlag } from "./flag.ts";
import { rewriteArgs } from "./rewrite_args.ts";
import { UsageError } from "./usage_error.ts";

const FLAGS = {
  ttl: textFlag({ brief: "", category: "", default: "0" }),
  namespace: textFlag({ brief: "", category: "", default: "", short: "n" }),
  group: listFlag({ brief: "", category: "" }),
  cache: boolFlag({ brief: "", category: "", default: "true" }),
};

/** Flags as `name=value`, then everything else as it is. */
function rewritten(...args: string[]): string[] {
  const { flags, others } = rewriteArgs(args, FLAGS);
  return [...Object.entries(flags).map(([name, text]) => `${name}=${text}`), ...others];
}

Deno.test("rewriteArgs() takes what Go's flag package takes", async (t) => {
  const cases: [string[], string[]][] = [
    [["-ttl=5s"], ["ttl=5s"]],
    [["--ttl=5s"], ["ttl=5s"]],
    [["-ttl", "5s"], ["ttl=5s"]],
    [["--ttl", "-5s"], ["ttl=-5s"]],
    [["--ttl="], ["ttl="]],
    [["--ttl=a=b"], ["ttl=a=b"]],
    [["--ttl", "a\nb"], ["ttl=a\nb"]],
    [["--ttl=1s", "-ttl=2s"], ["ttl=2s"]],
    [["-cache"], ["cache=true"]],
    [["-cache=false"], ["cache=false"]],
    [["-cache", "false"], ["cache=true", "false"]],
    [["-n", "team"], ["namespace=team"]],
    [["-n=team"], ["namespace=team"]],
    [["--group", "a", "-group=b,c"], [`group=a${LIST_SEPARATOR}b,c`]],
    [["-unknown=x"], ["--unknown=x"]],
    [["plain", "-"], ["plain", "-"]],
  ];
  for (const [args, expected] of cases) {
    await t.step(args.join(" ") || "nothing", () => assert.deepEqual(rewritten(...args), expected));
  }
});

Deno.test("rewriteArgs() passes on what stands behind the first --", () => {
  assert.deepEqual(rewriteArgs(["-ttl", "1s", "--", "-ttl", "--", "x"], FLAGS).passthrough, [
    "-ttl",
    "--",
    "x",
  ]);
  assert.equal(rewriteArgs(["-ttl", "--"], FLAGS).passthrough, undefined);
});

Deno.test("rewriteArgs() rejects a flag without its value", () => {
  assert.throws(() => rewriteArgs(["--ttl"], FLAGS), new UsageError("Flag --ttl needs a value"));
});

Deno.test("rewriteArgs() carries any value unchanged", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (value) => {
    assert.deepEqual(rewritten(`--ttl=${value}`), [`ttl=${value}`]);
  }));
});
