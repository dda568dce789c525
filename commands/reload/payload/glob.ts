/** Shell patterns over keys: `*`, `?` and `[…]`. */

/**
 * The pattern as an expression for whole keys.
 *
 * @throws {SyntaxError} for a set of characters that is not closed, or a range of none
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
  try {
    return new RegExp(`^${source}$`, "s");
  } catch (error) {
    throw new SyntaxError(`"${text}" has a range from a higher to a lower character`, {
      cause: error,
    });
  }
}
