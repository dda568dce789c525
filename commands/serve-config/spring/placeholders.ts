/**
 * `${key}` and `${key:default}` with the values of an environment, never of this process. Nested ones are
 * resolved from the inside; what cannot be resolved stays as it is; `\${x}` is the text `${x}`.
 */

import { SpringError } from "./environment.ts";

/** Bounds of all expansions of an answer. */
export interface PlaceholderLimits {
  /** Longest text that may come of them, in characters. */
  readonly maxChars: number;
}

/** Placeholders within values of placeholders, and within keys. */
const MAX_DEPTH = 20;
/** Placeholders of an answer, those within values included: small texts may name one another very often. */
const MAX_RESOLVED = 200_000;

/** What is left of the bounds; shared by all texts of an answer. */
interface Budget {
  chars: number;
  resolved: number;
}

/**
 * Makes the function that resolves the placeholders of the texts of one answer.
 *
 * @returns a function that throws a SpringError 500 when placeholders are nested too deeply, as circular ones are, or
 * they are too many, or the texts get too long together
 */
export function createPlaceholderResolver(
  lookup: (key: string) => string | undefined,
  { maxChars }: PlaceholderLimits,
): (text: string) => string {
  const budget: Budget = { chars: maxChars, resolved: MAX_RESOLVED };
  return (text) => expand(text, { lookup, budget, depth: 0 });
}

interface Expansion {
  readonly lookup: (key: string) => string | undefined;
  readonly budget: Budget;
  readonly depth: number;
}

function expand(text: string, expansion: Expansion): string {
  if (!text.includes("${")) return text;
  if (expansion.depth > MAX_DEPTH) {
    throw new SpringError(500, `Placeholders are nested deeper than ${MAX_DEPTH}, or circular`);
  }
  const ends = closingBraces(text);
  let out = "";
  let at = 0;
  while (at < text.length) {
    const start = text.indexOf("${", at);
    if (start < 0) break;
    const end = ends.get(start);
    if (text[start - 1] === "\\") {
      const rest = end ?? start + 1;
      out += text.slice(at, start).replace(/\\{1,2}$/, "") + text.slice(start, rest + 1);
      at = rest + 1;
      continue;
    }
    if (end === undefined) break;
    out += text.slice(at, start) + valueOf(text.slice(start + 2, end), expansion);
    at = end + 1;
  }
  out += text.slice(at);
  expansion.budget.chars -= out.length;
  if (expansion.budget.chars < 0) {
    throw new SpringError(500, "Placeholders make a text that is too long");
  }
  return out;
}

function valueOf(inside: string, expansion: Expansion): string {
  expansion.budget.resolved -= 1;
  if (expansion.budget.resolved < 0) {
    throw new SpringError(500, `Placeholders name others more than ${MAX_RESOLVED} times`);
  }
  const deeper = { ...expansion, depth: expansion.depth + 1 };
  const expanded = expand(inside, deeper);
  const whole = expansion.lookup(expanded.trim());
  if (whole !== undefined) return expand(whole, deeper);
  const colon = expanded.indexOf(":");
  if (colon < 0) return `\${${expanded}}`;
  const value = expansion.lookup(expanded.slice(0, colon).trim());
  return value === undefined ? expanded.slice(colon + 1) : expand(value, deeper);
}

/** Index of the brace that closes each `${`, by the index of that; in one walk, whatever is left open. */
function closingBraces(text: string): ReadonlyMap<number, number> {
  const ends = new Map<number, number>();
  const open: number[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text.startsWith("${", at)) {
      open.push(at);
      at += 1;
    } else if (text[at] === "}") {
      const start = open.pop();
      if (start !== undefined) ends.set(start, at);
    }
  }
  return ends;
}
