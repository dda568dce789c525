/** Shell patterns over keys: `*`, `?` and `[…]`. */

/**
 * The pattern as an expression for whole keys.
 *
 * @throws {SyntaxError} for a set of characters that is not closed
 */
export function parseGlob(text: string): RegExp {
  let source = "";
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? "";
    if (char === "*") source += ".*";
    else if (char === "?") source += ".";
    else if (char === "[") {
      const end = text.indexOf("]", at + 2);
      if (end < 0) throw new SyntaxError(`"${text}" has a [ without its ]`);
      const set = text.slice(at + 1, end).replace(/\\/g, "\\\\").replace(/^!/, "^");
      source += `[${set}]`;
      at = end;
    } else source += char.replace(/[\\^$.|+(){}\]]/, "\\$&");
  }
  return new RegExp(`^${source}$`, "s");
}
