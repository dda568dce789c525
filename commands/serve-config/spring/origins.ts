/** Where each property of a source stands in its file, as `LINE:COLUMN`, both counted from 1. */

import { parseProperties } from "#lib/format/properties.ts";
import { type PlacedNode, yamlPlaces } from "#lib/format/yaml_places.ts";
import type { PropertySource } from "./environment.ts";
import { memberPath } from "./properties.ts";

/** Places by property; empty for a source that is no file. */
export function originsOf({ origin }: PropertySource): ReadonlyMap<string, string> {
  if (origin === undefined) return new Map();
  const text = new TextDecoder().decode(origin.bytes);
  return origin.isYaml
    ? yamlOrigins(text, origin.document)
    : propertyOrigins(text, origin.document);
}

function propertyOrigins(text: string, document: number): ReadonlyMap<string, string> {
  const places = new Map<object, Map<string, string>>();
  const documents = parseProperties(text, (of, key, { line, column }) => {
    const known = places.get(of) ?? new Map<string, string>();
    places.set(of, known.set(key, `${line}:${column}`));
  });
  return places.get(documents[document] ?? {}) ?? new Map();
}

function yamlOrigins(text: string, document: number): ReadonlyMap<string, string> {
  const origins = new Map<string, string>();
  const node = yamlPlaces(text)[document];
  if (node?.kind === "map") addMembers(origins, node.members, "");
  else if (node !== undefined) add(origins, "document", node);
  return origins;
}

function addMembers(
  origins: Map<string, string>,
  members: ReadonlyMap<unknown, PlacedNode>,
  path: string,
): void {
  for (const [key, node] of members) add(origins, memberPath(path, key), node);
}

function add(origins: Map<string, string>, path: string, node: PlacedNode): void {
  if (node.kind === "scalar") origins.set(path, `${node.line}:${node.column}`);
  else if (node.kind === "map") addMembers(origins, node.members, path);
  else node.items.forEach((item, index) => add(origins, `${path}[${index}]`, item));
}
