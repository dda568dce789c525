/**
 * The answer for an entry: representation, validators, cache headers (serve-config.md 14.4). The usual ones,
 * to hits, are made once and cloned: a clone skips what makes a new response with many headers expensive.
 */

import { isUnchanged, lastModifiedOf } from "./conditional.ts";
import { MIN_GZIP_BYTES } from "../cache/entry.ts";
import type { Entry, UsualKind } from "../cache/entry.ts";

/** What an answer depends on besides request and entry. */
export interface AnswerContext {
  readonly nowMs: number;
  /** `hit`: it was kept already; `miss`, `peer`: just loaded, from where; `stale`: the backend fails. */
  readonly origin: "hit" | "miss" | "peer" | "stale";
  readonly cacheControl: string;
  /** Headers of requests by which answers differ, their encoding apart. */
  readonly vary: readonly string[];
  /** Compressed copy; `null` when it would not be smaller. */
  gzip(): Promise<Uint8Array<ArrayBuffer> | null>;
}

/** What the answer to a hit depends on besides. */
export type HitContext = Pick<AnswerContext, "nowMs" | "cacheControl" | "vary">;

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
  const isPacked = wantsPacked(entry, headers);
  if (context.origin === "hit" && request.method === "GET") {
    const usual = answerHit(entry, context, {
      isPacked,
      ifNoneMatch: headers.get("if-none-match"),
    });
    if (usual !== undefined) return usual;
  }
  if (!isPacked) return represent(request, entry, { context, packed: null });
  if (entry.gzip !== undefined) return represent(request, entry, { context, packed: entry.gzip });
  return context.gzip().then((packed) => represent(request, entry, { context, packed }));
}

/** Whether the compressed copy is asked for, if there is one. */
export function wantsPacked(entry: Entry, headers: Headers): boolean {
  return entry.bytes.length >= MIN_GZIP_BYTES && acceptsGzip(headers.get("accept-encoding"));
}

/**
 * The usual answers to a GET of what is kept: all of it, or 304 for the one tag that the client was given.
 * `undefined` for all others, and while nobody knows whether a compressed copy is smaller.
 */
export function answerHit(
  entry: Entry,
  context: HitContext,
  { isPacked, ifNoneMatch }: { readonly isPacked: boolean; readonly ifNoneMatch: string | null },
): EntryAnswer | undefined {
  const packed = isPacked ? entry.gzip : null;
  // Whoever may ask by time has one more header to be looked at.
  if (packed === undefined || entry.lastModifiedMs !== undefined) return undefined;
  if (ifNoneMatch === null) {
    const response = usualResponse(packed === null ? "plain" : "gzip", entry, context);
    return { response, bytes: (packed ?? entry.bytes).length };
  }
  if (ifNoneMatch !== etagOf(entry, packed)) return undefined;
  return {
    response: usualResponse(packed === null ? "unchanged" : "unchangedGzip", entry, context),
    bytes: 0,
  };
}

/** A copy of the answer that is kept ready; two of its headers tell the time in whole seconds. */
function usualResponse(kind: UsualKind, entry: Entry, context: HitContext): Response {
  const usuals = entry.usual ??= {};
  const age = ageOf(entry, context.nowMs);
  const ttl = ttlOf(entry, context.nowMs);
  const usual = usuals[kind];
  if (usual === undefined) {
    const response = makeUsual(kind, entry, context);
    usuals[kind] = { age, ttl, response };
    return response.clone();
  }
  if (usual.age !== age || usual.ttl !== ttl) {
    usual.age = age;
    usual.ttl = ttl;
    const { headers } = usual.response;
    headers.set("age", String(age));
    headers.set("cache-status", cacheStatusOf(entry, { ...context, origin: "hit" }));
  }
  return usual.response.clone();
}

function makeUsual(kind: UsualKind, entry: Entry, hit: HitContext): Response {
  const context = { ...hit, origin: "hit" } as const;
  const packed = kind === "gzip" || kind === "unchangedGzip" ? entry.gzip ?? null : null;
  const etag = etagOf(entry, packed);
  if (kind === "plain" || kind === "gzip") return whole(entry, { context, packed, etag });
  return notModified(entry, { context, etag }).response;
}

function represent(
  request: Request,
  entry: Entry,
  { context, packed }: {
    readonly context: AnswerContext;
    readonly packed: Uint8Array<ArrayBuffer> | null;
  },
): EntryAnswer {
  const etag = etagOf(entry, packed);
  if (isUnchanged(request.headers, etag, entry)) {
    return notModified(entry, { context, etag });
  }
  const bytes = packed ?? entry.bytes;
  if (request.method === "GET") {
    return { response: whole(entry, { context, packed, etag }), bytes: bytes.length };
  }
  const headers = wholeHeaders(entry, { context, packed, etag });
  headers.set("content-length", String(bytes.length));
  return { response: new Response(null, { headers }), bytes: 0 };
}

interface Whole {
  readonly context: MadeContext;
  readonly packed: Uint8Array<ArrayBuffer> | null;
  readonly etag: string;
}

function whole(entry: Entry, shown: Whole): Response {
  return new Response(shown.packed ?? entry.bytes, { headers: wholeHeaders(entry, shown) });
}

function wholeHeaders(entry: Entry, { context, packed, etag }: Whole): Headers {
  const headers = headersOf(entry, context);
  headers.set("etag", etag);
  if (packed !== null) headers.set("content-encoding", "gzip");
  return headers;
}

function notModified(
  entry: Entry,
  { context, etag }: { readonly context: MadeContext; readonly etag: string },
): EntryAnswer {
  const headers = headersOf(entry, context);
  headers.set("etag", etag);
  headers.delete("content-type");
  return { response: new Response(null, { status: NO_BODY_STATUS, headers }), bytes: 0 };
}

type MadeContext = HitContext & Pick<AnswerContext, "origin">;

function etagOf(entry: Entry, packed: Uint8Array | null): string {
  return packed === null ? `"${entry.hash}"` : `"${entry.hash}-gzip"`;
}

/** Whole seconds since it was loaded. */
function ageOf({ loadedAtMs }: Entry, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - loadedAtMs) / 1000));
}

/** Whole seconds that are left, negative when it is out of date (RFC 9211, 2.2); `undefined` without an end. */
function ttlOf({ expiresAtMs }: Entry, nowMs: number): number | undefined {
  return expiresAtMs === undefined ? undefined : Math.floor((expiresAtMs - nowMs) / 1000);
}

function cacheStatusOf(entry: Entry, { nowMs, origin }: MadeContext): string {
  const seconds = ttlOf(entry, nowMs);
  const ttl = seconds === undefined ? "" : `; ttl=${seconds}`;
  return CACHE_STATUS[origin].replace("TTL", ttl).replace("STORE", entry.store ?? "main");
}

function headersOf(entry: Entry, context: MadeContext): Headers {
  const { nowMs, origin, cacheControl } = context;
  const headers: [string, string][] = [
    ["content-type", entry.contentType],
    ["etag", `"${entry.hash}"`],
    ["cache-control", cacheControl],
    ["cache-status", cacheStatusOf(entry, context)],
    ["age", String(ageOf(entry, nowMs))],
    ["x-content-type-options", "nosniff"],
  ];
  const changedMs = lastModifiedOf(entry);
  if (changedMs !== undefined) headers.push(["last-modified", new Date(changedMs).toUTCString()]);
  if (origin === "stale") headers.push(["warning", '110 - "Response is Stale"']);
  const vary = entry.bytes.length >= MIN_GZIP_BYTES
    ? [...context.vary, "Accept-Encoding"]
    : context.vary;
  if (vary.length > 0) headers.push(["vary", vary.join(", ")]);
  return new Headers(headers);
}

const CACHE_STATUS = {
  hit: "kcfg; hitTTL; detail=STORE",
  miss: "kcfg; fwd=missTTL; detail=backend",
  peer: "kcfg; fwd=missTTL; detail=peer",
  stale: "kcfg; fwd=staleTTL; detail=stale-if-error",
} as const;

/** What nearly every client sends: gzip among others, without a weight. */
const PLAIN_GZIP = /(?:^|,) ?gzip(?:,|$)/;

/** RFC 9110, 12.5.3: gzip or `*` listed without `q=0`. */
function acceptsGzip(accepted: string | null): boolean {
  if (accepted === null) return false;
  if (PLAIN_GZIP.test(accepted)) return true;
  let any = false;
  for (const item of accepted.split(",")) {
    const [coding = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    const refused = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    if (coding === "gzip" || coding === "x-gzip") return !refused;
    if (coding === "*") any = !refused;
  }
  return any;
}
