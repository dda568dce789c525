/**
 * The application listener (serve-config.md 3.1, 14.4): any path is a key, GET and HEAD reach its object.
 * What is kept is answered without waiting, so that the hot path costs no promise.
 */

import type { Handler } from "#lib/http/server.ts";
import { notFound, plain } from "#lib/http/plain.ts";
import { type RequestTarget, requestTarget } from "#lib/http/request_target.ts";
import type { Clock } from "#lib/run/clock.ts";
import { answerEntry } from "./answer.ts";
import type { ConfigCache, LoadFailure } from "./cache.ts";
import type { Entry } from "./entry.ts";
import { keyOf } from "./key.ts";
import { withinHeaderLimit } from "./request_limits.ts";
import { springKey } from "./spring/variant.ts";

/** Where an answer came from, for logs. */
export type Outcome = "hit" | "miss" | "stale" | "refused" | "error";

/** A finished request, for log and metrics. */
export interface AnsweredRequest {
  readonly request: Request;
  readonly info: Deno.ServeHandlerInfo<Deno.NetAddr>;
  /** Raw path, still percent-encoded. */
  readonly path: string;
  readonly status: number;
  /** Bytes of the body. */
  readonly bytes: number;
  readonly outcome: Outcome;
  /** Monotonic milliseconds at arrival. */
  readonly startedAt: number;
}

/** What the routes may do. */
export interface RoutesOptions {
  readonly clientCacheControl: string;
  /** Most requests that may wait for a load. */
  readonly maxInflight: number;
  /** Whether query and media type choose between answers, as with the Spring API. */
  readonly variants: boolean;
}

/** What the routes need. */
export interface RoutesDeps {
  readonly cache: ConfigCache;
  readonly clock: Clock;
  /** Called once per request, after the answer is made. */
  onAnswered(answered: AnsweredRequest): void;
  /** Called for a load that failed on the backend's side or on ours. */
  onLoadFailed(key: string, reason: unknown): void;
}

interface Answer {
  readonly response: Response;
  readonly outcome: Outcome;
  readonly bytes: number;
}

/** Makes the handler. */
export function createRoutes(
  { clientCacheControl, maxInflight, variants }: RoutesOptions,
  { cache, clock, onAnswered, onLoadFailed }: RoutesDeps,
): Handler {
  let waiting = 0;

  function answer(request: Request, { path, query }: RequestTarget): Answer | Promise<Answer> {
    if (request.method !== "GET" && request.method !== "HEAD") return refused(notFound());
    // A path without escapes is its own key, and what is kept under it was checked when it came.
    const pathKey = !path.includes("%") && cache.holds(path) ? path : keyOf(path);
    if (pathKey === undefined) return refused(plain("bad request", { status: 400 }));
    const key = variants ? variantKey(pathKey, { query, request }) : pathKey;
    const entry = cache.lookup(key);
    if (entry !== undefined) return answerWith(entry, { request, key, outcome: "hit" });
    // Reading all headers costs a fifth of a hit, and a hit does nothing with them.
    if (!withinHeaderLimit(request)) return refused(plain("header too large", { status: 431 }));
    if (waiting >= maxInflight) return refused(tooBusy());
    return answerLoaded(request, key);
  }

  async function answerLoaded(request: Request, key: string): Promise<Answer> {
    waiting += 1;
    try {
      const result = await cache.load(key, request.signal);
      if (result.kind === "entry" || result.kind === "stale") {
        const outcome = result.kind === "entry" ? "miss" : "stale";
        return await answerWith(result.entry, { request, key, outcome });
      }
      if (result.kind === "failed") onLoadFailed(key, result.reason);
      return failed(answerFailure(result));
    } catch (error) {
      onLoadFailed(key, error);
      return failed(plain("server error", { status: 500 }));
    } finally {
      waiting -= 1;
    }
  }

  function answerWith(
    entry: Entry,
    { request, key, outcome }: {
      readonly request: Request;
      readonly key: string;
      readonly outcome: "hit" | "miss" | "stale";
    },
  ): Answer | Promise<Answer> {
    const made = answerEntry(request, entry, {
      nowMs: clock.now(),
      origin: outcome,
      cacheControl: clientCacheControl,
      gzip: () => cache.gzip(key, entry),
    });
    return made instanceof Promise
      ? made.then((answered) => ({ ...answered, outcome }))
      : { ...made, outcome };
  }

  return (request, info) => {
    const startedAt = clock.monotonic();
    const target = requestTarget(request.url);
    const { path } = target;
    const finish = ({ response, outcome, bytes }: Answer): Response => {
      onAnswered({ request, info, path, status: response.status, bytes, outcome, startedAt });
      return response;
    };
    const made = answer(request, target);
    return made instanceof Promise ? made.then(finish) : finish(made);
  };
}

function variantKey(
  pathKey: string,
  { query = "", request }: { readonly query: string | undefined; readonly request: Request },
): string {
  return springKey(pathKey, { query, accept: request.headers.get("accept") });
}

function answerFailure(failure: LoadFailure): Response {
  switch (failure.kind) {
    case "missing":
      return plain("not found", { status: 404 });
    case "too-large":
      return plain("backend object too large", { status: 502 });
    case "rejected":
      return new Response(failure.body, {
        status: failure.status,
        headers: { "content-type": failure.contentType, "x-content-type-options": "nosniff" },
      });
    case "failed":
      return plain(`error status from backend: ${failure.status}`, { status: 502 });
  }
}

function tooBusy(): Response {
  const response = plain("too many requests in flight", { status: 503 });
  response.headers.set("retry-after", "1");
  return response;
}

function refused(response: Response): Answer {
  return { response, outcome: "refused", bytes: 0 };
}

function failed(response: Response): Answer {
  return { response, outcome: "error", bytes: 0 };
}
