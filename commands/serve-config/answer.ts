/**
 * The answer for an entry: representation, validators, cache headers (serve-config.md 14.4). The usual one,
 * a hit without compression, is made once a second and cloned: a clone skips the checks of the constructor.
 */

import { MIN_GZIP_BYTES } from "./entry.ts";
import type { Entry } from "./entry.ts";

/** What an answer depends on besides request and entry. */
export interface AnswerContext {
  readonly nowMs: number;
  /** `hit`: it was kept already; `miss`, `peer`: just loaded, from where; `stale`: the backend fails. */
  readonly origin: "hit" | "miss" | "peer" | "stale";
  readonly cacheControl: string;
  /** Whether the answer is for this client alone. */
  readonly variesByClient: boolean;
  /** Compressed copy; `null` when it would not be smaller. */
  gzip(): Promise<Uint8Array<ArrayBuffer> | null>;
}

/** A response and the size of its body. */
export interface EntryAnswer {
  readonly response: Response;
  readonly bytes: number;
}

const NO_BODY_STATUS = 304;

/** Answers with the entry, its compressed copy, or 304. */
export function answerEntry(
  request: Request,
  entry: Entry,
  context: AnswerContext,
): EntryAnswer | Promise<EntryAnswer> {
  const { headers } = request;
  if (entry.bytes.length >= MIN_GZIP_BYTES && acceptsGzip(headers.get("accept-encoding"))) {
    if (entry.gzip === undefined) {
      return context.gzip().then((packed) => represent(request, entry, { context, packed }));
    }
    return represent(request, entry, { context, packed: entry.gzip });
  }
  if (
    context.origin === "hit" && request.method === "GET" && headers.get("if-none-match") === null
  ) {
    return { response: hitResponse(entry, context).clone(), bytes: entry.bytes.length };
  }
  return represent(request, entry, { context, packed: null });
}

function hitResponse(entry: Entry, context: AnswerContext): Response {
  const second = Math.floor(context.nowMs / 1000);
  if (entry.hit?.second !== second) {
    const response = new Response(entry.bytes, { headers: headersOf(entry, context) });
    entry.hit = { second, response };
  }
  return entry.hit.response;
}

function represent(
  request: Request,
  entry: Entry,
  { context, packed }: {
    readonly context: AnswerContext;
    readonly packed: Uint8Array<ArrayBuffer> | null;
  },
): EntryAnswer {
  const etag = packed === null ? `"${entry.hash}"` : `"${entry.hash}-gzip"`;
  if (matches(request.headers.get("if-none-match"), etag)) {
    return notModified(entry, { context, etag });
  }
  const bytes = packed ?? entry.bytes;
  const headers = headersOf(entry, context);
  headers.set("etag", etag);
  if (packed !== null) headers.set("content-encoding", "gzip");
  if (request.method === "GET") {
    return { response: new Response(bytes, { headers }), bytes: bytes.length };
  }
  headers.set("content-length", String(bytes.length));
  return { response: new Response(null, { headers }), bytes: 0 };
}

function notModified(
  entry: Entry,
  { context, etag }: { readonly context: AnswerContext; readonly etag: string },
): EntryAnswer {
  const headers = headersOf(entry, context);
  headers.set("etag", etag);
  headers.delete("content-type");
  return { response: new Response(null, { status: NO_BODY_STATUS, headers }), bytes: 0 };
}

function headersOf(
  entry: Entry,
  { nowMs, origin, cacheControl, variesByClient }: AnswerContext,
): Headers {
  const { loadedAtMs, expiresAtMs } = entry;
  // Negative for an object that is out of date (RFC 9211, 2.2).
  const ttl = expiresAtMs === undefined ? "" : `; ttl=${Math.floor((expiresAtMs - nowMs) / 1000)}`;
  const headers: [string, string][] = [
    ["content-type", entry.contentType],
    ["etag", `"${entry.hash}"`],
    ["cache-control", cacheControl],
    [
      "cache-status",
      CACHE_STATUS[origin].replace("TTL", ttl).replace("STORE", entry.store ?? "main"),
    ],
    ["age", String(Math.max(0, Math.floor((nowMs - loadedAtMs) / 1000)))],
    ["x-content-type-options", "nosniff"],
  ];
  if (origin === "stale") headers.push(["warning", '110 - "Response is Stale"']);
  if (entry.bytes.length >= MIN_GZIP_BYTES) headers.push(["vary", "Accept-Encoding"]);
  if (variesByClient) headers.push(["vary", "Authorization"]);
  return new Headers(headers);
}

const CACHE_STATUS = {
  hit: "kcfg; hitTTL; detail=STORE",
  miss: "kcfg; fwd=missTTL; detail=backend",
  peer: "kcfg; fwd=missTTL; detail=peer",
  stale: "kcfg; fwd=staleTTL; detail=stale-if-error",
} as const;

/** RFC 9110, 13.1.2: a list or `*`, weak comparison. */
function matches(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false;
  return ifNoneMatch.split(",").some((candidate) => {
    const tag = candidate.trim();
    return tag === "*" || tag === etag || tag === `W/${etag}`;
  });
}

/** RFC 9110, 12.5.3: gzip or `*` listed without `q=0`. */
function acceptsGzip(accepted: string | null): boolean {
  if (accepted === null) return false;
  let any = false;
  for (const item of accepted.split(",")) {
    const [coding = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    const refused = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    if (coding === "gzip" || coding === "x-gzip") return !refused;
    if (coding === "*") any = !refused;
  }
  return any;
}
