/** JSON documents, kept as they were written: canonical text is the document without its white space. */

import { ParseFailure } from "../errors.ts";
import type { FlagType } from "./flag_type.ts";

/** Levels of objects and arrays; more could be read, but not be printed again, which needs a stack as deep. */
const MAX_DEPTH = 1000;
const TOKEN = /"(?:[^"\\]|\\.)*"|[^\s"]+|\s+/g;

/**
 * `json`: an object or an array, deeply frozen; also any other value but `null` with `allowScalar`. Numbers keep
 * their spelling in the canonical text even where the value cannot hold them.
 */
export function jsonType<T>(
  { allowScalar = false }: { readonly allowScalar?: boolean } = {},
): FlagType<
  T
> {
  // Lives as long as the value; a value set by code has no document and is printed afresh.
  const documents = new WeakMap<object, string>();
  return {
    name: "json",
    parse(text) {
      const value = parse(text);
      if (value === null) throw new ParseFailure("null is not a value of a JSON flag");
      if (!isWithin(value, MAX_DEPTH)) {
        throw new ParseFailure(`JSON is nested deeper than ${MAX_DEPTH} levels`, "range");
      }
      if (typeof value === "object") {
        documents.set(value, compact(text));
        return deepFreeze(value) as T;
      }
      if (!allowScalar) throw new ParseFailure("JSON object or array expected");
      return value as T;
    },
    format(value) {
      const document = typeof value === "object" && value !== null && documents.get(value);
      return document || escapeHtml(JSON.stringify(value) ?? "null");
    },
    toJson: (value) => value,
    protect: deepFreeze,
  };
}

/** Whether a value has at most so many levels of objects and arrays. */
function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((child) => isWithin(child, levels - 1));
}

/** Freezes a tree of objects and arrays in place. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const child of Object.values(value)) deepFreeze(child);
  return value;
}

/** `<`, `>`, `&`, U+2028 and U+2029 as `\u` escapes, so that the text is safe inside HTML and scripts. */
export function escapeHtml(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (err) {
    throw new ParseFailure(`invalid JSON: ${err instanceof Error ? err.message : err}`);
  }
}

/** A valid document without white space between its tokens, strings in one spelling. */
function compact(text: string): string {
  let out = "";
  for (const [token] of text.matchAll(TOKEN)) {
    if (token.startsWith('"')) out += escapeHtml(JSON.stringify(JSON.parse(token)));
    else if (/\S/.test(token)) out += token;
  }
  return out;
}
