/** Globs against what a regular expression says, and against what would make one hang. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { globTest } from "./glob.ts";

Deno.test("globTest() agrees with a regular expression", () => {
  const letters = (...more: string[]) =>
    fc.array(fc.constantFrom("a", "b", ".", "\n", "😀", ...more), { maxLength: 8 })
      .map((found) => found.join(""));
  fc.assert(fc.property(letters("*", "?"), letters(), (glob, text) => {
    const source = glob.replaceAll(".", "\\.").replaceAll("?", ".").replace(/\*+/g, ".*");
    assert.equal(globTest(glob)(text), new RegExp(`^${source}$`, "su").test(text));
  }));
});

Deno.test("globTest() ends soon, whatever it is asked", () => {
  const test = globTest(`${"a*".repeat(40)}b`);
  const startedAt = performance.now();
  assert.ok(!test("a".repeat(4000)));
  // A regular expression of forty stars would not end within a lifetime.
  assert.ok(performance.now() - startedAt < 2000);
});
