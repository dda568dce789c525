/** Width of texts on a terminal. */

import assert from "node:assert/strict";
import { displayWidth } from "./width.ts";

Deno.test("displayWidth() counts columns, not code units", () => {
  const widths: readonly (readonly [text: string, width: number])[] = [
    ["", 0],
    ["abc", 3],
    ["\u00e9", 1],
    ["e\u0301", 1],
    ["\u65e5\u672c", 4],
    ["\uff21", 2],
    ["\u{1f600}", 2],
    ["\u2713", 1],
    ["a\u200bb", 2],
    ["\x1b[31mabc\x1b[39m", 3],
  ];
  for (const [text, width] of widths) assert.equal(displayWidth(text), width, JSON.stringify(text));
});
