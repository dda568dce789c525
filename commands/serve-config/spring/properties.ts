/** Flat properties as Spring knows them: `server.ports[0]` → value, in the order of their file. */

import { JavaDouble } from "#lib/format/java_double.ts";

/** An empty list or map of a YAML file, which has no items to name. */
export const EMPTY_LIST: unique symbol = Symbol("[]");
export const EMPTY_MAP: unique symbol = Symbol("{}");

/** A value with the type that its file gave it; texts alone in properties files. */
export type PropertyValue =
  | string
  | number
  | bigint
  | boolean
  | JavaDouble
  | typeof EMPTY_LIST
  | typeof EMPTY_MAP;

/** Flat properties of one document. */
export type Properties = ReadonlyMap<string, PropertyValue>;

/** What a value is as text, in properties files and in the place of a placeholder. */
export function propertyText(value: PropertyValue): string {
  return typeof value === "symbol" ? "" : String(value);
}

/**
 * Flattens a document: map keys joined by dots, list items as `[i]`, a key that is no text as `[key]`, null as
 * the empty text; a document that is no map stands under the key `document` (Spring's YamlProcessor).
 */
export function flatten(document: unknown): Properties {
  const flat = new Map<string, PropertyValue>();
  if (document instanceof Map) addMembers(flat, document, "");
  else if (document !== null) addValue(flat, "document", document);
  return flat;
}

/** Name of a member of the map at `path`; a key that is no text stands in brackets. */
export function memberPath(path: string, key: unknown): string {
  const name = typeof key === "string" ? key : `[${String(key)}]`;
  return path === "" || name.startsWith("[") ? path + name : `${path}.${name}`;
}

function addMembers(
  flat: Map<string, PropertyValue>,
  map: ReadonlyMap<unknown, unknown>,
  path: string,
): void {
  for (const [key, value] of map) addValue(flat, memberPath(path, key), value);
}

function addValue(flat: Map<string, PropertyValue>, path: string, value: unknown): void {
  if (value instanceof Map) {
    if (value.size === 0) flat.set(path, EMPTY_MAP);
    else addMembers(flat, value, path);
  } else if (Array.isArray(value)) {
    if (value.length === 0) flat.set(path, EMPTY_LIST);
    else value.forEach((item, index) => addValue(flat, `${path}[${index}]`, item));
  } else flat.set(path, scalarOf(value));
}

function scalarOf(value: unknown): PropertyValue {
  switch (typeof value) {
    case "string":
    case "number":
    case "bigint":
    case "boolean":
      return value;
    default:
      return value instanceof JavaDouble ? value : "";
  }
}
