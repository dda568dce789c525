/**
 * Clients that wait for a change (serve-config.md 14.7): long polls and streams of events. Each waits for its
 * key; after an invalidation the object is loaded once for all of them, and they hear of it only when it differs.
 */

import { plain } from "#lib/http/plain.ts";
import { sleep } from "#lib/run/clock.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { Watch, WatchedKey } from "./watch.ts";
import { createStream } from "./event_stream.ts";
import type { Generations } from "./generations.ts";

/** Bounds. */
export interface WatchingOptions {
  /** Longest wait that is granted. */
  readonly maxWaitMs: number;
  /** Most clients that may wait; 10,000 by default. */
  readonly maxWaiters?: number;
}

/** What waiting needs. */
export interface WatchingDeps {
  readonly generations: Generations;
  readonly clock: Clock;
  /** Aborted at the stop: polls end with 304, streams by closing. */
  readonly stopping: AbortSignal;
}

const MAX_WAITERS = 10_000;
const NOT_MODIFIED = 304;

/** Makes what recognises and answers requests that wait. */
export function createWatching(
  { maxWaitMs, maxWaiters = MAX_WAITERS }: WatchingOptions,
  { generations, clock, stopping }: WatchingDeps,
): Watch {
  async function poll(request: Request, watched: WatchedKey, askedS: number): Promise<Response> {
    const waitMs = Math.min(maxWaitMs, askedS * 1000);
    const end = new AbortController();
    const signal = AbortSignal.any([request.signal, stopping, end.signal]);
    // Subscribed before the first look, so that no change falls between the two.
    let changed = Promise.withResolvers<void>();
    using _ = generations.subscribe(watched.key, () => changed.resolve());
    const over = sleep(waitMs, { clock, signal }).catch(() => {
      // Answered, gone, or stopping.
    });
    let isOver = false;
    void over.then(() => isOver = true);
    try {
      while (true) {
        const { response: answer } = await watched.answer(request);
        if (answer.status !== NOT_MODIFIED) return applied(answer, askedS, waitMs);
        if (isOver) return applied(answer, askedS, waitMs);
        await Promise.race([changed.promise, over]);
        if (isOver) return applied(answer, askedS, waitMs);
        changed = Promise.withResolvers<void>();
      }
    } finally {
      end.abort();
    }
  }

  return {
    isMeant({ method, headers }) {
      if (method !== "GET") return false;
      if (isStream(headers)) return true;
      const prefer = headers.get("prefer");
      return prefer !== null && waitOf(prefer) !== undefined && headers.has("if-none-match");
    },
    answer(request, watched) {
      const { headers } = request;
      if (generations.waiters >= maxWaiters) return Promise.resolve(tooMany());
      if (isStream(headers)) {
        return createStream(request, watched, { generations, clock, stopping });
      }
      return poll(request, watched, waitOf(headers.get("prefer")) ?? 1);
    },
  };
}

function isStream(headers: Headers): boolean {
  return headers.get("accept")?.includes("text/event-stream") === true;
}

/** Seconds of `Prefer: wait=N` (RFC 7240, 4.3), 1 to 300; `undefined` when there is none. */
function waitOf(prefer: string | null): number | undefined {
  const seconds = Number(/(?:^|[,;\s])wait=(\d{1,3})(?:$|[,;\s])/.exec(prefer ?? "")?.[1] ?? NaN);
  return seconds >= 1 && seconds <= 300 ? seconds : undefined;
}

function applied(response: Response, askedS: number, waitMs: number): Response {
  const granted = Math.min(askedS, Math.floor(waitMs / 1000));
  response.headers.set("preference-applied", `wait=${granted}`);
  return response;
}

function tooMany(): Response {
  const response = plain("too many clients are waiting", { status: 503 });
  response.headers.set("retry-after", "5");
  return response;
}
