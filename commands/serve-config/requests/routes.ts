/**
 * The application listener (serve-config.md 3.1, 14.4): any path is a key, GET and HEAD reach its object.
 * What is kept is answered without waiting, so that the hot path costs no promise.
 */

import type { Handler } from "#lib/http/server.ts";
import { notFound, plain } from "#lib/http/plain.ts";
import { requestTarget } from "#lib/http/request_target.ts";
import type { RequestTarget } from "#lib/http/request_target.ts";
import type { Clock } from "#lib/run/clock.ts";
import { answerEntry } from "./answer.ts";
import type { ConfigCache } from "../cache/cache.ts";
import type { Entry } from "../cache/entry.ts";
import { springKey } from "../spring/variant.ts";
import { answerFailure, tooBusy } from "./failure_answers.ts";
import type { Forwarder } from "./forward.ts";
import { createHotPath } from "./hot_path.ts";
import { keyOf } from "./key.ts";
import type { Watch } from "../refresh/watch.ts";
import type { LoadRequest } from "../upstream/upstream.ts";
import { withinHeaderLimit } from "./request_limits.ts";

/** Where an answer came from, for logs. */
export type Outcome = "hit" | "miss" | "stale" | "refused" | "error" | "watch" | "post";

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
  /** Whether query and media type choose between answers, as with the Spring API. */
  readonly variants: boolean;
  /** Headers of requests by which caches on the way must tell answers apart; none by default. */
  readonly vary?: readonly string[];
  readonly clientCacheControl: string;
  /** Answer every failure as the replaced program does without its cache; false by default. */
  readonly legacyErrors?: boolean;
  /** Most requests that may wait for a load. */
  readonly maxInflight: number;
}

/** What the routes need. */
export interface RoutesDeps {
  readonly cache: ConfigCache;
  readonly clock: Clock;
  /** Says no to a request, by its key; asked each time, before anything else is looked at. */
  readonly deny?: ((request: Request, key: string) => Promise<Response | undefined>) | undefined;
  /** Answers what is neither GET nor HEAD; `undefined` for what is nobody's. */
  readonly post?: ((request: Request, path: string) => Promise<Response> | undefined) | undefined;
  /** Completes the key with parts of the request; `undefined` for one that is malformed. */
  readonly forward?: Forwarder | undefined;
  /** Answers requests that wait for changes; `undefined` for those that do not. */
  readonly watch?: Watch | undefined;
  /** Called once per request, after the answer is made; absent where nothing is told of requests. */
  readonly onAnswered?: ((answered: AnsweredRequest) => void) | undefined;
  /** Called for a load that failed on the backend's side or on ours. */
  onLoadFailed(key: string, reason: unknown): void;
}

interface Answer {
  readonly response: Response;
  readonly outcome: Outcome;
  readonly bytes: number;
  readonly version?: string | undefined;
}

interface Keyed {
  readonly key: string;
  readonly load: LoadRequest;
}

interface Addressed {
  readonly key: string;
  readonly target: RequestTarget;
}

const NOTHING_MORE: LoadRequest = {};

/** Makes the handler. */
export function createRoutes(
  { clientCacheControl, maxInflight, variants, vary = [], legacyErrors = false }: RoutesOptions,
  { cache, clock, deny, post, forward, watch, onAnswered, onLoadFailed }: RoutesDeps,
): Handler {
  let waiting = 0;

  function answer(request: Request, target: RequestTarget): Answer | Promise<Answer> {
    const { path } = target;
    if (request.method !== "GET" && request.method !== "HEAD") {
      const posted = post?.(request, path);
      return posted === undefined ? refused(notFound()) : posted.then((it) => other(it, "post"));
    }
    // A path without escapes is its own key, and what is kept under it was checked when it came.
    const key = !path.includes("%") && cache.holds(path) ? path : keyOf(path);
    if (key === undefined) return refused(plain("bad request", { status: 400 }));
    if (deny === undefined) return answerAllowed(request, { key, target });
    return deny(request, key).then((denied) =>
      denied === undefined ? answerAllowed(request, { key, target }) : refused(denied)
    );
  }

  function answerAllowed(request: Request, { key, target }: Addressed): Answer | Promise<Answer> {
    const completed = forward === undefined
      ? { key: variants ? variantKey(key, { target, request }) : key, load: NOTHING_MORE }
      : forward(key, { query: target.query, headers: request.headers });
    return completed instanceof Promise
      ? completed.then((keyed) => answerKey(request, keyed))
      : answerKey(request, completed);
  }

  function answerKey(request: Request, keyed: Keyed | undefined): Answer | Promise<Answer> {
    if (keyed === undefined) return refused(plain("bad request", { status: 400 }));
    if (watch?.isMeant(request) !== true) return answerNow(request, keyed);
    return watch.answer(request, {
      ...keyed,
      async answer(asked) {
        const { response, version = null } = await answerNow(asked, { ...keyed, isWaiter: true });
        return { response, version };
      },
    }).then((it) => other(it, "watch"));
  }

  function answerNow(
    request: Request,
    { key, load, isWaiter = false }: Keyed & { readonly isWaiter?: boolean },
  ): Answer | Promise<Answer> {
    const entry = cache.lookup(key, load);
    if (entry !== undefined) return answerWith(entry, { request, key, outcome: "hit" });
    // Reading all headers costs a fifth of a hit, and a hit does nothing with them.
    if (!withinHeaderLimit(request)) return refused(plain("header too large", { status: 431 }));
    if (waiting >= maxInflight && !isWaiter) return refused(tooBusy());
    return answerLoaded(request, { key, load });
  }

  async function answerLoaded(request: Request, { key, load }: Keyed): Promise<Answer> {
    waiting += 1;
    try {
      const result = await cache.load(key, request.signal, load);
      if (result.kind === "entry" || result.kind === "stale") {
        const outcome = result.kind === "entry" ? "miss" : "stale";
        const origin = result.kind === "entry" && result.via === "peer" ? "peer" : outcome;
        return await answerWith(result.entry, { request, key, outcome, origin });
      }
      if (result.kind === "failed") onLoadFailed(key, result.reason);
      // compat: serve-config.md 3.1.
      if (legacyErrors) return failed(plain("fetch error", { status: 500 }));
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
    { request, key, outcome, origin = outcome }: {
      readonly request: Request;
      readonly key: string;
      readonly outcome: "hit" | "miss" | "stale";
      readonly origin?: "hit" | "miss" | "peer" | "stale";
    },
  ): Answer | Promise<Answer> {
    const made = answerEntry(request, entry, {
      nowMs: clock.now(),
      origin,
      cacheControl: clientCacheControl,
      vary,
      gzip: () => cache.gzip(key, entry),
    });
    return made instanceof Promise
      ? made.then((answered) => ({ ...answered, outcome, version: entry.version }))
      : { ...made, outcome, version: entry.version };
  }

  // With access control or headers in the keys, somebody has to be asked before anything is answered.
  const hot = deny === undefined && forward?.readsHeaders !== true
    ? createHotPath({ variants, vary, cacheControl: clientCacheControl }, {
      cache,
      clock,
    })
    : undefined;

  return (request, info) => {
    // Asking for the time is a tenth of a hit.
    const startedAt = onAnswered === undefined ? 0 : clock.monotonic();
    const target = requestTarget(request.url);
    const { path } = target;
    const finish = ({ response, outcome, bytes }: Answer): Response => {
      onAnswered?.({
        ...{ request, info, path, outcome, startedAt },
        status: response.status,
        bytes: request.method === "HEAD" ? 0 : bytes,
      });
      return response;
    };
    const hit = hot?.(request, target);
    if (hit !== undefined) return finish({ ...hit, outcome: "hit" });
    const made = answer(request, target);
    return made instanceof Promise ? made.then(finish) : finish(made);
  };
}

function variantKey(
  pathKey: string,
  { target: { query = "" }, request }: {
    readonly target: RequestTarget;
    readonly request: Request;
  },
): string {
  return springKey(pathKey, { query, accept: request.headers.get("accept") });
}

/** An answer that is no object; it knows its length unless it is a stream. */
function other(response: Response, outcome: Outcome): Answer {
  return { response, outcome, bytes: Number(response.headers.get("content-length") ?? 0) };
}

function refused(response: Response): Answer {
  return other(response, "refused");
}

function failed(response: Response): Answer {
  return other(response, "error");
}
