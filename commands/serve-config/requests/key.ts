/**
 * From a request target to the key of an object (serve-config.md 3.1): decoded once, dot segments refused
 * instead of resolved, everything else left as the client sent it.
 */

/** Longest decoded path. */
const MAX_PATH_CHARS = 4096;

/** Decodes once and fails on malformed escapes and on bytes that are not UTF-8. */
function decodeOnce(text: string): string | undefined {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

// deno-lint-ignore no-control-regex -- control characters are what is being refused
const FORBIDDEN = /[\x00-\x1f\x7f\\]/;

/**
 * The key of an object, with its leading slash.
 *
 * @param path path of the request target, still percent-encoded
 * @returns `undefined` when the path must be refused with 400
 */
export function keyOf(path: string): string | undefined {
  if (!path.startsWith("/")) return undefined;
  const key = decodeOnce(path);
  return key !== undefined && isSafeKey(key) ? key : undefined;
}

/** Whether a decoded key cannot lead out of where it is looked for. */
export function isSafeKey(key: string): boolean {
  if (key.length > MAX_PATH_CHARS || FORBIDDEN.test(key)) return false;
  if (!key.isWellFormed() || hasDotSegment(key)) return false;
  // What decodes to a dot segment for a backend that decodes again is refused as well; a text that cannot
  // be decoded again cannot hide one.
  const again = decodeOnce(key);
  return again === undefined || !(hasDotSegment(again) || FORBIDDEN.test(again));
}

function hasDotSegment(path: string): boolean {
  if (!path.includes("/.")) return false;
  return path.split("/").some((segment) => segment === "." || segment === "..");
}

/**
 * Last element of a key as file names go: trailing slashes dropped, then what follows the last slash; `.`
 * for an empty key, `/` for one of slashes only.
 */
export function lastElement(key: string): string {
  if (key === "") return ".";
  const trimmed = key.replace(/\/+$/, "");
  return trimmed === "" ? "/" : trimmed.slice(trimmed.lastIndexOf("/") + 1);
}
