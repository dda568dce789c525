/** TOML 1.0 in, the only door to the TOML package. */

import { parse, TomlError } from "smol-toml";

/**
 * Reads a document; dates become text in ISO 8601.
 *
 * @throws {SyntaxError} with line and column
 */
export function parseToml(text: string): unknown {
  try {
    return plain(parse(text));
  } catch (err) {
    if (!(err instanceof TomlError)) throw err;
    const [reason = ""] = err.message.replace(/^Invalid TOML document: /, "").split("\n");
    throw new SyntaxError(
      `Cannot parse TOML at line ${err.line}, column ${err.column}: ${reason}`,
      { cause: err },
    );
  }
}

/** The package's dates are objects of their own, which nobody else here knows. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}
