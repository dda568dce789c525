/** Stack traces with the lines of the sources. */

import assert from "node:assert/strict";
import { TraceMap } from "@jridgewell/trace-mapping";
import { withSources } from "./stack.ts";

Deno.test("withSources() names the source of each place that has a map", () => {
  const map = new TraceMap({
    version: 3,
    sources: ["../../lib/a.ts"],
    names: [],
    // Line 1, column 1 is line 1, column 1; from column 11 on it is line 3, column 5.
    mappings: "AAAA,UAEI",
  });
  const readMap = (file: string) => file === "run-A1B2C3D4.js" ? map : undefined;
  assert.equal(
    withSources(
      "Error: no\n    at w (file:///x/dist/js/run-A1B2C3D4.js:1:14)\n    at file:///x/other.js:1:2\n" +
        "    at <anonymous>\n",
      readMap,
    ),
    "Error: no\n    at w (lib/a.ts:3:5)\n    at file:///x/other.js:1:2\n    at <anonymous>\n",
  );
});
