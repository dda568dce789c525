/** Paths and queries of the API, and the way back from a path to what it asks for. */

import type { ResourceRef, Verb } from "./types.ts";

/** Values of a query; undefined and empty ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * The path of a resource, collection or object.
 *
 * @throws {TypeError} when a segment is empty, `.`, `..` or has a slash or a percent sign
 */
export function resourcePath(ref: ResourceRef): string {
  const segments = ref.group === "" ? ["api"] : ["apis", ref.group];
  segments.push(ref.version);
  // The object `namespaces/x` is itself cluster-scoped, whatever the caller says.
  const isNamespace = ref.group === "" && ref.resource === "namespaces";
  if (ref.namespace !== undefined && !isNamespace) segments.push("namespaces", ref.namespace);
  segments.push(ref.resource);
  if (ref.name !== undefined) segments.push(ref.name);
  if (ref.subresource !== undefined) {
    if (ref.name === undefined) {
      throw new TypeError(`Cannot address the subresource "${ref.subresource}": no name given`);
    }
    segments.push(ref.subresource);
  }
  return segments.map((segment) => `/${encodeSegment(segment)}`).join("");
}

function encodeSegment(segment: string): string {
  if (segment === "" || segment === "." || segment === ".." || /[/%]/.test(segment)) {
    throw new TypeError(`Cannot build an API path: "${segment}" is not a valid segment`);
  }
  return encodeURIComponent(segment);
}

/** The query with its question mark; empty when nothing is set. */
export function formatQuery(query: Query): string {
  const terms = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`);
  return terms.length === 0 ? "" : `?${terms.join("&")}`;
}

/** `resource` or `resource/subresource`, as RBAC writes it. */
export function resourceWithSubresource(ref: ResourceRef): string {
  return ref.subresource === undefined ? ref.resource : `${ref.resource}/${ref.subresource}`;
}

/** `group/resource`, without a group for the core one: how metrics and logs call a collection. */
export function resourceLabel(
  { group, resource }: Pick<ResourceRef, "group" | "resource">,
): string {
  return group === "" ? resource : `${group}/${resource}`;
}

/** What a raw request asks for, derived from its path as the server does. */
export type ParsedPath =
  | { readonly kind: "resource"; readonly ref: ResourceRef; readonly verb: Verb }
  | { readonly kind: "other"; readonly path: string };

/**
 * Splits a raw path (without query).
 *
 * @throws {TypeError} for absolute URLs and for paths that a server may read in two ways
 */
export function parseApiPath(method: string, path: string, query: Query): ParsedPath {
  if (!path.startsWith("/") || /[?#%\\]/.test(path)) {
    throw new TypeError(`Cannot request "${path}": not a plain path below the server`);
  }
  const segments = path.slice(1).split("/");
  const trailing = segments.at(-1) === "" ? segments.slice(0, -1) : segments;
  if (trailing.some((segment) => segment === "" || segment === "." || segment === "..")) {
    throw new TypeError(`Cannot request "${path}": it has an empty or a dot segment`);
  }
  const [root, ...rest] = trailing;
  const group = root === "apis" ? rest.shift() : root === "api" ? "" : undefined;
  const version = rest.shift();
  if (group === undefined || version === undefined || rest.length === 0) {
    return { kind: "other", path };
  }
  const inNamespace = rest[0] === "namespaces" && rest.length > 2;
  const namespace = inNamespace ? rest[1] : undefined;
  const [resource = "", name, ...subresource] = inNamespace ? rest.slice(2) : rest;
  return {
    kind: "resource",
    verb: verbOf(method, { isItem: name !== undefined, watch: query["watch"] }),
    ref: {
      group,
      version,
      resource,
      namespace,
      name,
      subresource: subresource.length === 0 ? undefined : subresource.join("/"),
    },
  };
}

function verbOf(
  method: string,
  { isItem, watch }: { readonly isItem: boolean; readonly watch: unknown },
): Verb {
  switch (method.toUpperCase()) {
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return isItem ? "delete" : "deletecollection";
    case "GET":
    case "HEAD":
      if (watch === true || watch === "true" || watch === "1" || watch === 1) return "watch";
      return isItem ? "get" : "list";
    default:
      throw new TypeError(`Cannot send a request with the method "${method}"`);
  }
}
