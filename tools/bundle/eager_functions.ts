/**
 * Makes the runtime compile functions when a file is compiled, not at their first call.
 *
 * V8 compiles a function that stands in parentheses at once (it takes it for one that is about to be called), and
 * what was compiled at once is in the code cache that Deno keeps. A plain function is compiled anew in each
 * process, when it is first called, and most of a start was that. Only functions at the top of a file are written
 * so: they can be moved to its beginning, which keeps that they may be used above their place.
 */

import MagicString from "magic-string";
import type { Plugin } from "rollup";

/** The step for the bundler's last stage. */
export function eagerFunctions(): Plugin {
  return {
    name: "eager-functions",
    renderChunk(code) {
      const text = new MagicString(code);
      for (const node of this.parse(code).body) {
        if (node.type !== "FunctionDeclaration" || node.id === null) continue;
        const { start, end } = node as typeof node & Span;
        text.prependRight(start, `var ${node.id.name}=(`);
        text.appendLeft(end, ");");
        // Exports are lists at the end of a file by now, so that nothing else is in the way.
        if (start > 0) text.move(start, end, 0);
      }
      return { code: text.toString(), map: text.generateMap({ hires: "boundary" }) };
    },
  };
}

interface Span {
  readonly start: number;
  readonly end: number;
}
