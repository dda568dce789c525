/**
 * What of a request besides its path changes a Spring answer, as the end of its cache key: two query parameters
 * and two media types. Everything else shares an entry.
 */

/** Media type of environments with the origin of each value. */
export const V2_TYPE = "application/vnd.spring-cloud.config-server.v2+json";
/** Media type that asks for a resource as it is. */
export const BYTES_TYPE = "application/octet-stream";

/** What was asked for besides the path. */
export interface Variant {
  /** False leaves placeholders as they are. */
  readonly resolvePlaceholders: boolean;
  /** Whether the third segment is a file of the default label. */
  readonly useDefaultLabel: boolean;
  readonly accept: "any" | "v2" | "bytes";
}

/** The key for a decoded path and what its request says besides. */
export function springKey(
  path: string,
  { query, accept }: { readonly query: string; readonly accept: string | null },
): string {
  const parts: string[] = [];
  if (query !== "") {
    const parameters = new URLSearchParams(query);
    if (parameters.get("resolvePlaceholders") === "false") parts.push("resolvePlaceholders=false");
    if (parameters.has("useDefaultLabel")) parts.push("useDefaultLabel");
  }
  if (accept?.includes(V2_TYPE)) parts.push("accept=v2");
  else if (accept?.includes(BYTES_TYPE)) parts.push("accept=bytes");
  return parts.length === 0 ? path : `${path}?${parts.join("&")}`;
}

/** Whether the media type makes the key another one than the path. */
export function mayBeVariant(accept: string): boolean {
  return accept.includes(V2_TYPE) || accept.includes(BYTES_TYPE);
}

/** A key taken apart again. */
export function splitKey(key: string): { readonly path: string; readonly variant: Variant } {
  const mark = key.lastIndexOf("?");
  const parts = new Set(mark < 0 ? [] : key.slice(mark + 1).split("&"));
  return {
    path: mark < 0 ? key : key.slice(0, mark),
    variant: {
      resolvePlaceholders: !parts.has("resolvePlaceholders=false"),
      useDefaultLabel: parts.has("useDefaultLabel"),
      accept: parts.has("accept=v2") ? "v2" : parts.has("accept=bytes") ? "bytes" : "any",
    },
  };
}
