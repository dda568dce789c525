/**
 * The ring listener (serve-config.md 3.2): what other replicas ask of this one. Nothing here asks a third
 * replica, so that two different views of the ring cannot wait for each other.
 */

import type { Handler } from "#lib/http/server.ts";
import { requestTarget } from "#lib/http/request_target.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { ConfigCache } from "../cache/cache.ts";
import type { CacheResult } from "../cache/cache_result.ts";
import type { Entry } from "../cache/entry.ts";
import { isSafeKey } from "../requests/key.ts";
import { createBodyReader } from "../requests/received_body.ts";
import type { Refresher } from "../refresh/refresher.ts";
import type { LoadFailure, LoadRequest } from "../upstream/upstream.ts";
import { FORWARD_PREFIX, TOO_LARGE_BODY } from "./peer_client.ts";
import type { PeerSecret } from "./peer_secret.ts";
import { MAX_INVALIDATION_BYTES, parseInvalidation } from "./invalidation.ts";
import type { RingMetrics } from "./ring_metrics.ts";
import {
  BACKEND_STATUS_HEADER,
  GROUP,
  KCFG_GROUP,
  KCFG_HEADER,
  parseTarget,
  REJECTED_HEADER,
} from "./target.ts";
import { encodeMessage } from "./wire.ts";

/** What the routes need. */
export interface RingRoutesDeps {
  readonly cache: ConfigCache;
  readonly refresher: Refresher;
  readonly secret: PeerSecret | undefined;
  readonly metrics: RingMetrics;
  readonly clock: Clock;
  /** A key as the cache has it, of one that a peer named. */
  readonly keyOf: (key: string, from: { readonly isKcfg: boolean }) => string;
  onLoadFailed(key: string, reason: unknown): void;
}

/** Messages about changes that are read at the same time. */
const MAX_INVALIDATIONS = 64;
/** How long an object that is out of date may live at a replica of the replaced program. */
const STALE_LIFE_MS = 10_000;

/** Makes the handler. */
export function createRingRoutes(deps: RingRoutesDeps): Handler {
  const { cache, refresher, secret, metrics, clock } = deps;
  const readInvalidation = createBodyReader(
    { maxBytes: MAX_INVALIDATION_BYTES, maxAtOnce: MAX_INVALIDATIONS },
    { clock },
  );

  async function answer(request: Request): Promise<Response> {
    const isKcfg = request.headers.get(KCFG_HEADER) !== null;
    const { path, query } = requestTarget(request.url);
    const target = query === undefined ? path : `${path}?${query}`;
    if (
      secret !== undefined &&
      !await secret.verify(request.headers.get("authorization"), request.method, target)
    ) return text("unauthorized", 401);
    const parsed = parseTarget(path, { fromKcfg: isKcfg });
    if (parsed.kind === "outside") return text("not found", 404);
    if (parsed.kind === "malformed") return text("bad request", 400);
    if (parsed.group === KCFG_GROUP && parsed.key === "invalidate" && request.method === "POST") {
      return await invalidate(request);
    }
    if (parsed.group !== GROUP) return text(`no such group: ${parsed.group}`, 404);
    // A person's key without the slash would be an entry of its own that no event ever names.
    const named = parsed.key.startsWith("/") ? parsed.key : `/${parsed.key}`;
    if (!isSafeKey(named)) return text("bad request", 400);
    const key = deps.keyOf(named, { isKcfg });
    metrics.serverRequest();
    if (request.method === "DELETE") {
      // compat: the replaced program may send all its DELETEs to one single peer.
      refresher.invalidate({ source: "peer", target: { keys: [key] }, relayed: !isKcfg });
      return new Response(null, { status: 200 });
    }
    return await load(key, request, { isKcfg });
  }

  async function load(
    key: string,
    request: Request,
    { isKcfg }: { readonly isKcfg: boolean },
  ): Promise<Response> {
    try {
      const result = await cache.loadForPeer(key, request.signal, loadRequestOf(request));
      if ("entry" in result) return messageOf(result, { isKcfg, nowMs: clock.now() });
      if (result.kind === "failed") deps.onLoadFailed(key, result.reason);
      return isKcfg ? failureForKcfg(result) : failureForOthers(result);
    } catch (error) {
      deps.onLoadFailed(key, error);
      return text(error instanceof Error ? error.message : String(error), 500);
    }
  }

  async function invalidate(request: Request): Promise<Response> {
    const body = await readInvalidation(request);
    if (body instanceof Response) return body;
    const event = parseInvalidation(body);
    if (event === undefined) return text("bad request", 400);
    if (event.destination !== undefined) {
      const { id, destination } = event;
      refresher.invalidate({ source: "peer", id, target: { destination } });
    }
    if (event.keys.length > 0) {
      // The keys of a destination are its sender's; their event is counted already.
      const id = event.destination === undefined ? event.id : undefined;
      refresher.invalidate({ source: "peer", id, target: { keys: event.keys } });
    }
    return new Response(null, { status: 204 });
  }

  return async (request) => {
    const response = await answer(request);
    response.headers.set(KCFG_HEADER, "1");
    return response;
  };
}

function messageOf(
  result: Extract<CacheResult, { readonly entry: Entry }>,
  { isKcfg, nowMs }: { readonly isKcfg: boolean; readonly nowMs: number },
): Response {
  const { bytes, expiresAtMs, loadedAtMs, contentType, lastModifiedMs } = result.entry;
  const isStale = result.kind === "stale";
  // An object that had no life from the beginning (a negative time to live) is not out of date.
  const isLate = expiresAtMs !== undefined && loadedAtMs <= expiresAtMs && expiresAtMs < nowMs;
  // compat: a Go peer refuses what has expired and keeps for ever what has no expiry.
  const expires = isStale || isLate ? nowMs + STALE_LIFE_MS : expiresAtMs;
  const rem = isStale || expiresAtMs === undefined ? undefined : expiresAtMs - nowMs;
  const meta = {
    ct: contentType,
    at: loadedAtMs,
    ...(rem !== undefined && { rem }),
    ...(lastModifiedMs !== undefined && { lm: lastModifiedMs }),
    ...(isStale && { stale: true }),
  };
  const message = encodeMessage({
    value: bytes,
    expiresAtMs: expires,
    ...(isKcfg && { meta }),
  });
  return new Response(message, { headers: { "content-type": "application/x-protobuf" } });
}

function failureForKcfg(failure: LoadFailure): Response {
  if (failure.kind === "rejected") {
    const { status, body, contentType } = failure;
    return new Response(body, {
      status,
      headers: {
        "content-type": contentType,
        [BACKEND_STATUS_HEADER]: String(status),
        [REJECTED_HEADER]: "1",
      },
    });
  }
  const [status, body, backend] = failure.kind === "missing"
    ? [404, "not found", 404]
    : failure.kind === "too-large"
    ? [502, TOO_LARGE_BODY, 0]
    : [502, failure.reason, failure.status];
  const response = text(String(body), Number(status));
  response.headers.set(BACKEND_STATUS_HEADER, String(backend));
  return response;
}

/** The error as the replaced program writes it; its requesters read the status out of it. */
function failureForOthers(failure: LoadFailure): Response {
  const [status, reason] = failure.kind === "missing"
    ? [404, "<nil>"]
    : failure.kind === "too-large"
    ? [0, TOO_LARGE_BODY]
    : [
      failure.status,
      failure.kind === "failed" && failure.status === 0 ? failure.reason : "<nil>",
    ];
  return text(`backendError: status:${status} error:${reason}`, 500);
}

function loadRequestOf({ headers }: Request): LoadRequest {
  const forwarded: [string, string][] = [];
  for (const [name, value] of headers) {
    if (name.startsWith(FORWARD_PREFIX)) {
      forwarded.push([name.slice(FORWARD_PREFIX.length), value]);
    }
  }
  return forwarded.length === 0 ? {} : { headers: forwarded };
}

/** As Go writes errors: a line break at the end, no guessing of types. */
function text(body: string, status: number): Response {
  return new Response(`${body}\n`, {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
    },
  });
}
