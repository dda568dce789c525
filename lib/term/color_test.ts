/** Colour on and off. */

import assert from "node:assert/strict";
import { createPalette, stripColor, wantsColor } from "./color.ts";

Deno.test("createPalette() paints when enabled and not otherwise", () => {
  assert.equal(createPalette({ enabled: true }).red("x"), "\x1b[31mx\x1b[39m");
  assert.equal(createPalette({ enabled: false }).red("x"), "x");
});

Deno.test("createPalette() goes on with the outer colour behind an inner one", () => {
  const { red, blue } = createPalette({ enabled: true });
  assert.equal(
    red(`a${blue("b")}c`),
    "\x1b[31ma\x1b[34mb\x1b[39m\x1b[31mc\x1b[39m",
  );
});

Deno.test("wantsColor() obeys the flag, then NO_COLOR, then the terminal", () => {
  const wants = [
    wantsColor({ isTerminal: true }),
    wantsColor({ isTerminal: true, noColor: "" }),
    wantsColor({ isTerminal: false, mode: "always", noColor: "1" }),
  ];
  const refuses = [
    wantsColor({ isTerminal: false }),
    wantsColor({ isTerminal: true, noColor: "1" }),
    wantsColor({ isTerminal: true, mode: "never" }),
  ];
  assert.deepEqual(wants, [true, true, true]);
  assert.deepEqual(refuses, [false, false, false]);
});

Deno.test("stripColor() removes what a palette added", () => {
  const { bold, dim, green } = createPalette({ enabled: true });
  assert.equal(stripColor(bold(`a ${dim("b")} ${green("c")}`)), "a b c");
});
