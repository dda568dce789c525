/**
 * Parts of a client's request that an HTTP backend gets to see (serve-config.md 4.1). They tell objects apart, so
 * they are part of the key: `PATH?QUERY#h=HASH`. A path that has a question mark of its own is followed by an
 * empty query, so that no path can pass for another one's query.
 */

import type { ForwardSettings } from "./forward_flags.ts";
import type { LoadRequest } from "../upstream/upstream.ts";

/** A key and what its load needs besides. */
export interface ForwardedRequest {
  readonly key: string;
  readonly load: LoadRequest;
}

const HASH_MARK = "#h=";
/** Longest query that is passed on. */
const MAX_QUERY_CHARS = 4096;

/** Completes keys; `undefined` for a request that must be refused. */
export interface Forwarder {
  (
    path: string,
    request: { readonly query: string | undefined; readonly headers: Headers },
  ): ForwardedRequest | undefined | Promise<ForwardedRequest | undefined>;
  /** Whether headers are part of the key. Without them, the key of a request without a query is its path. */
  readonly readsHeaders: boolean;
}

/** Makes it. */
export function createForwarder(
  { query: names, headers: headerNames }: ForwardSettings,
): Forwarder {
  const wanted = new Set(names);
  const complete: (...parameters: Parameters<Forwarder>) => ReturnType<Forwarder> = (
    path,
    { query, headers },
  ) => {
    const kept = query === undefined ? "" : keptQuery(query, wanted);
    if (kept === undefined) return undefined;
    const sent = headerNames.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value] as const];
    });
    if (sent.length === 0) return { key: joinKey(path, { query: kept }), load: {} };
    return hashOf(sent).then((hash) => ({
      key: joinKey(path, { query: kept, hash }),
      load: { headers: sent },
    }));
  };
  return Object.assign(complete, { readsHeaders: headerNames.length > 0 });
}

/** Puts a key together; without query and hash it is the path, unless that would be misread. */
export function joinKey(
  path: string,
  { query = "", hash }: { readonly query?: string; readonly hash?: string } = {},
): string {
  if (query === "" && hash === undefined && !path.includes("?")) return path;
  return `${path}?${query}${hash === undefined ? "" : HASH_MARK + hash}`;
}

/** Takes it apart again. */
export function splitKey(key: string): { readonly path: string; readonly query: string } {
  const mark = key.lastIndexOf("?");
  if (mark < 0) return { path: key, query: "" };
  const rest = key.slice(mark + 1);
  const hash = rest.indexOf(HASH_MARK);
  return { path: key.slice(0, mark), query: hash < 0 ? rest : rest.slice(0, hash) };
}

/** The wanted parameters by name, encoded alike whoever wrote them; `undefined` when malformed or too long. */
function keptQuery(query: string, wanted: ReadonlySet<string>): string | undefined {
  const kept: { readonly name: string; readonly text: string }[] = [];
  for (const part of query.split("&")) {
    const equals = part.indexOf("=");
    const name = decode(equals < 0 ? part : part.slice(0, equals));
    if (name === undefined) return undefined;
    if (!wanted.has(name)) continue;
    const value = equals < 0 ? "" : decode(part.slice(equals + 1));
    if (value === undefined) return undefined;
    const encoded = encodeURIComponent(name);
    kept.push({ name, text: equals < 0 ? encoded : `${encoded}=${encodeURIComponent(value)}` });
  }
  // Stable: values of one name stay in their order.
  kept.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const joined = kept.map(({ text }) => text).join("&");
  return joined.length > MAX_QUERY_CHARS ? undefined : joined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

async function hashOf(headers: readonly (readonly [string, string])[]): Promise<string> {
  const text = headers.map(([name, value]) => `${name}:${value}\n`).join("");
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}
