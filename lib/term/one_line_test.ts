/** Text of others, hostile and not. */

import assert from "node:assert/strict";
import { oneLine } from "./one_line.ts";

Deno.test("oneLine() leaves no character that a terminal obeys", () => {
  assert.equal(oneLine("Pod/web-1 ü 漢"), "Pod/web-1 ü 漢");
  assert.equal(oneLine("a\x1b[2J\nb\x9b2J\u202ec\x7f"), "a\uFFFD[2J\uFFFDb\uFFFD2J\uFFFDc\uFFFD");
});
