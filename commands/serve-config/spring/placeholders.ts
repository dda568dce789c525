/**
 * `${key}` and `${key:default}` with the values of an environment, never of this process. Nested ones are
 * resolved from the inside; what cannot be resolved stays as it is; `\${x}` is the text `${x}`.
 */

import { SpringError } from "./environment.ts";

/** Bounds of an expansion. */
export interface PlaceholderLimits {
  /** Longest text that may come of it, in characters. */
  readonly maxChars: number;
}

/** Placeholders within values of placeholders, and within keys. */
const MAX_DEPTH = 20;

/**
 * Resolves the placeholders of a text.
 *
 * @throws {SpringError} 500 when they are nested too deeply, as circular ones are, or the text gets too long
 */
export function resolvePlaceholders(
  text: string,
  lookup: (key: string) => string | undefined,
  { maxChars }: PlaceholderLimits,
): string {
  // Shared by the nested calls, so that small texts that double themselves end too.
  const budget = { chars: maxChars };
  return expand(text, { lookup, budget, depth: 0 });
}

interface Expansion {
  readonly lookup: (key: string) => string | undefined;
  readonly budget: { chars: number };
  readonly depth: number;
}

function expand(text: string, expansion: Expansion): string {
  if (!text.includes("${")) return text;
  if (expansion.depth > MAX_DEPTH) {
    throw new SpringError(500, `Placeholders are nested deeper than ${MAX_DEPTH}, or circular`);
  }
  let out = "";
  let at = 0;
  while (at < text.length) {
    const start = text.indexOf("${", at);
    if (start < 0) break;
    if (text[start - 1] === "\\") {
      const end = closingBrace(text, start + 2) ?? start + 1;
      out += text.slice(at, start).replace(/\\{1,2}$/, "") + text.slice(start, end + 1);
      at = end + 1;
      continue;
    }
    const end = closingBrace(text, start + 2);
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
  const deeper = { ...expansion, depth: expansion.depth + 1 };
  const expanded = expand(inside, deeper);
  const whole = expansion.lookup(expanded.trim());
  if (whole !== undefined) return expand(whole, deeper);
  const colon = expanded.indexOf(":");
  if (colon < 0) return `\${${expanded}}`;
  const value = expansion.lookup(expanded.slice(0, colon).trim());
  return value === undefined ? expanded.slice(colon + 1) : expand(value, deeper);
}

/** Index of the brace that closes what was opened before `from`; `undefined` without one. */
function closingBrace(text: string, from: number): number | undefined {
  let open = 1;
  for (let at = from; at < text.length; at++) {
    if (text.startsWith("${", at)) {
      open += 1;
      at += 1;
    } else if (text[at] === "}") {
      open -= 1;
      if (open === 0) return at;
    }
  }
  return undefined;
}
