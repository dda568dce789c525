/** Spring's profile expressions. */

import assert from "node:assert/strict";
import { profilesMatch } from "./profile_expression.ts";

Deno.test("profilesMatch() evaluates names, not, and, or and parentheses", async (t) => {
  const profiles = new Set(["dev", "eu-west"]);
  const cases: Record<string, boolean> = {
    "dev": true,
    "prod": false,
    "!prod": true,
    "!dev": false,
    "dev & eu-west": true,
    "dev&prod": false,
    "prod | dev": true,
    "(prod | dev) & !us": true,
    "!(prod | dev)": false,
    "!!dev": true,
    "dev & (prod | (eu-west & !us))": true,
  };
  for (const [expression, expected] of Object.entries(cases)) {
    await t.step(expression, () => assert.equal(profilesMatch(expression, profiles), expected));
  }
});

Deno.test("profilesMatch() refuses malformed expressions", async (t) => {
  for (const expression of ["", "&", "dev &", "(dev", "dev)", "!", "a & b | c", "()"]) {
    await t.step(expression || "the empty one", () => {
      assert.throws(() => profilesMatch(expression, new Set()), SyntaxError);
    });
  }
});
