/** Flags from environment variables. */

import assert from "node:assert/strict";
import { applyEnvironment, environmentName } from "./environment.ts";
import { FlagSet } from "./flag_set.ts";

Deno.test("environmentName() is upper case with underscores", () => {
  assert.equal(environmentName("rate-limit.v2"), "KCFG_FLAG_RATE_LIMIT_V2");
  assert.equal(environmentName("a\u00e9", "X_"), "X_A_");
});

Deno.test("applyEnvironment() sets what is there and tells what is refused", () => {
  const flags = new FlagSet();
  const limit = flags.int("rate-limit", 1);
  const port = flags.static.int("port", 80);
  flags.string("other", "x");
  const update = applyEnvironment(flags, {
    KCFG_FLAG_RATE_LIMIT: "5",
    KCFG_FLAG_PORT: "x",
    KCFG_FLAG_UNKNOWN: "1",
  });
  assert.deepEqual([limit.value, port.value], [5, 80]);
  assert.deepEqual(update.rejected.map(({ flag }) => flag), ["port"]);
  assert.deepEqual(["rate-limit", "other"].map((name) => flags.entry(name)?.source), [
    "env",
    "default",
  ]);
});
