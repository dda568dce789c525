/** Near misses. */

import assert from "node:assert/strict";
import { nearest } from "./nearest.ts";

Deno.test("nearest() finds a word with a third of its letters wrong and nothing farther", () => {
  const words = ["serve-config", "version"];
  assert.equal(nearest("serve-cnofig", words), "serve-config");
  assert.equal(nearest("verison", words), "version");
  assert.equal(nearest("reload", words), undefined);
  assert.equal(nearest("x".repeat(100_000), words), undefined);
  assert.equal(nearest("a", []), undefined);
});
