/** What a request asks for, read from its method and path alone. */

/** A request to a resource, or to a path that is none. */
export interface Target {
  /** RBAC verb; for a path that is no resource the lower-case method. */
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  /** Plural name; empty for a path that is no resource. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  readonly path: string;
}

/** Reads a target. `path` is without prefix and query; segments are percent-decoded. */
export function targetOf(
  method: string,
  { path, query }: { readonly path: string; readonly query: URLSearchParams },
): Target {
  const segments = path.split("/").filter((segment) => segment !== "").map(decodeURIComponent);
  const isCore = segments[0] === "api";
  const rest = segments.slice(isCore ? 2 : 3);
  const hasResource = (isCore || segments[0] === "apis") && rest.length > 0;
  const base = { group: "", version: "", resource: "", namespace: "", name: "", subresource: "" };
  if (!hasResource) return { ...base, verb: method.toLowerCase(), path };
  const group = isCore ? "" : segments[1] ?? "";
  const version = segments[isCore ? 1 : 2] ?? "";
  // `namespaces/x` is the object itself; with something below, it is where that something lives.
  const isBelowNamespace = rest[0] === "namespaces" && rest.length > 2 &&
    !["status", "finalize"].includes(rest[2] ?? "");
  const [resource = "", name = "", ...sub] = isBelowNamespace ? rest.slice(2) : rest;
  const namespace = isBelowNamespace
    ? rest[1] ?? ""
    : resource === "namespaces" && name !== ""
    ? name
    : "";
  return {
    group,
    version,
    resource,
    namespace,
    name,
    subresource: sub.join("/"),
    path,
    verb: verbOf(method, { name, query }),
  };
}

function verbOf(
  method: string,
  { name, query }: { readonly name: string; readonly query: URLSearchParams },
): string {
  switch (method) {
    case "GET":
    case "HEAD":
      if (name !== "") return "get";
      return isTrue(query.get("watch")) ? "watch" : "list";
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return name === "" ? "deletecollection" : "delete";
    default:
      return method.toLowerCase();
  }
}

/** A boolean parameter as the API server reads it: present and not `false` or `0`. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== "false" && value !== "0";
}
