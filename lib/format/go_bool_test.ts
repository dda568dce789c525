/** Booleans of Go programs. */

import assert from "node:assert/strict";
import { parseGoBool } from "./go_bool.ts";

Deno.test("parseGoBool() reads the spellings Go reads", () => {
  const truths = ["1", "t", "T", "TRUE", "true", "True"];
  const lies = ["0", "f", "F", "FALSE", "false", "False"];
  assert.deepEqual(truths.map(parseGoBool), truths.map(() => true));
  assert.deepEqual(lies.map(parseGoBool), lies.map(() => false));
});

Deno.test("parseGoBool() refuses everything else, quoting it", () => {
  for (
    const text of ["", "tRUE", "yes", "on", "2", " true", "true\n", "fALSE", "01", "constructor"]
  ) {
    assert.throws(() => parseGoBool(text), {
      name: "SyntaxError",
      message: `Cannot parse boolean ${JSON.stringify(text)}: expected true or false (1, t, 0, f)`,
    });
  }
});
