/** JSON values as the fake API server holds them, and the few ways to look into them. */

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  [key: string]: Json;
}

/** Narrows to an object. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at `path`, or `undefined` as soon as a step is missing. */
export function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let current = value;
  for (const step of path) current = isObject(current) ? current[step] : undefined;
  return current;
}

/** The text at `path`, or an empty text. */
export function textAt(value: Json | undefined, ...path: readonly string[]): string {
  const found = at(value, ...path);
  return typeof found === "string" ? found : "";
}

/** The object at `path`, or a fresh empty one that is not attached. */
export function objectAt(value: Json | undefined, ...path: readonly string[]): JsonObject {
  const found = at(value, ...path);
  return isObject(found) ? found : {};
}

/** The list at `path`, or an empty one that is not attached. */
export function listAt(value: Json | undefined, ...path: readonly string[]): Json[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The texts of the list at `path`. */
export function textsAt(value: Json | undefined, ...path: readonly string[]): string[] {
  return listAt(value, ...path).filter((item) => typeof item === "string");
}

/** The metadata of an object, made when it has none. */
export function metadataOf(object: JsonObject): JsonObject {
  const found = object["metadata"];
  if (isObject(found)) return found;
  const metadata: JsonObject = {};
  object["metadata"] = metadata;
  return metadata;
}

/** Deep equality; the order of keys does not matter. */
export function isEqual(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isEqual(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => isEqual(a[key], b[key]));
}

/** A copy that shares nothing. */
export function copy<T extends Json>(value: T): T {
  return structuredClone(value);
}
