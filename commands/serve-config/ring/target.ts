/** Request targets of the ring listener, both ways (serve-config.md 3.2, 6.4). */

/** Where the protocol lives. */
const BASE_PATH = "/_groupcache/";
/** The one cache group. */
export const GROUP = "configfiles";
/** Said by replicas of kcfg in requests and answers: which dialect they speak, never who they are. */
export const KCFG_HEADER = "x-kcfg-peer";
/** Status of the backend in answers between replicas of kcfg. */
export const BACKEND_STATUS_HEADER = "x-kcfg-backend-status";
/** Said by an owner that refuses the request itself; its status and body are the answer. */
export const REJECTED_HEADER = "x-kcfg-rejected";
/** Group name under which replicas of kcfg tell one another of invalidations. */
export const KCFG_GROUP = "_kcfg";
/** Target of an invalidation. */
export const INVALIDATE_TARGET = `${BASE_PATH}${KCFG_GROUP}/invalidate`;

/** Target whose answer needs nothing but a replica that is there: it has no such group, whatever its kind. */
export const PING_TARGET = `${BASE_PATH}${KCFG_GROUP}/ping`;

/** Target of a key. A space is `%20` and a plus `%2B`, which every receiver reads alike. */
export function targetOf(key: string): string {
  const escaped = encodeURIComponent(key)
    .replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
  return `${BASE_PATH}${GROUP}/${escaped}`;
}

/** What a target names. */
export type ParsedTarget =
  | { readonly kind: "outside" }
  | { readonly kind: "malformed" }
  | { readonly kind: "key"; readonly group: string; readonly key: string };

/**
 * Reads the path of a target. A plus is a space unless kcfg wrote it: the replaced program sends keys as forms
 * do.
 */
export function parseTarget(
  path: string,
  { fromKcfg }: { readonly fromKcfg: boolean },
): ParsedTarget {
  if (!path.startsWith(BASE_PATH)) return { kind: "outside" };
  const escaped = path.slice(BASE_PATH.length);
  let decoded: string;
  try {
    decoded = decodeURIComponent(fromKcfg ? escaped : escaped.replaceAll("+", "%20"));
  } catch (error) {
    if (error instanceof URIError) return { kind: "malformed" };
    throw error;
  }
  const slash = decoded.indexOf("/");
  if (slash < 0) return { kind: "malformed" };
  return { kind: "key", group: decoded.slice(0, slash), key: decoded.slice(slash + 1) };
}
