/**
 * The shortest way to an answer: a plain GET of what is kept and fresh, when nobody has to be asked first. It costs
 * one look at the clock, one look-up and as few headers as can be; whatever is not plain goes the long way of
 * `routes.ts`, which gives the same answers.
 */

import type { RequestTarget } from "#lib/http/request_target.ts";
import type { Clock } from "#lib/run/clock.ts";
import { answerHit, wantsPacked } from "./answer.ts";
import type { EntryAnswer } from "./answer.ts";
import type { ConfigCache } from "../cache/cache.ts";
import { mayBeVariant } from "../spring/variant.ts";

/** What it may do. */
export interface HotPathOptions {
  /** Whether the media type chooses between answers. */
  readonly variants: boolean;
  readonly vary: readonly string[];
  readonly cacheControl: string;
}

/** Makes it; what it makes gives `undefined` for whatever has to go the long way. */
export function createHotPath(
  { variants, vary, cacheControl }: HotPathOptions,
  { cache, clock }: { readonly cache: ConfigCache; readonly clock: Clock },
): (request: Request, target: RequestTarget) => EntryAnswer | undefined {
  return (request, { path, query }) => {
    // A path without escapes is its own key, and what is kept under it was checked when it came.
    if (query !== undefined || request.method !== "GET" || path.includes("%")) return undefined;
    const nowMs = clock.now();
    const entry = cache.fresh(path, nowMs);
    if (entry === undefined) return undefined;
    const { headers } = request;
    const accept = headers.get("accept");
    if (accept !== null && isSpecial(accept, { variants })) return undefined;
    const ifNoneMatch = headers.get("if-none-match");
    // Only who has an object can wait for another one.
    if (ifNoneMatch !== null && headers.get("prefer") !== null) return undefined;
    const isPacked = wantsPacked(entry, headers);
    const answer = answerHit(
      entry,
      { nowMs, cacheControl, vary },
      { isPacked, ifNoneMatch },
    );
    if (answer !== undefined) cache.countHit(entry);
    return answer;
  };
}

/** Whether the media type asks for a stream of events, or for another answer than the path alone. */
function isSpecial(accept: string, { variants }: { readonly variants: boolean }): boolean {
  return accept.includes("text/event-stream") || (variants && mayBeVariant(accept));
}
