/** The script of faults: which request is hit, how often, and what happens to it. */

import type { JsonObject } from "#tests/support/kube_server/json.ts";
import type { Target } from "#tests/support/kube_server/target.ts";

/** What happens to a watch stream. */
export type StreamFault =
  /** Half a line, then a TCP reset of the connection. */
  | { readonly act: "cut" }
  /** Half a line, then RST_STREAM with CANCEL; on HTTP/1.1 the connection ends. */
  | { readonly act: "reset" }
  /** The whole object but no newline, then a clean end. */
  | { readonly act: "endWithoutNewline" }
  /** A clean end, at once. */
  | { readonly act: "end" }
  /** The next event is sent twice. */
  | { readonly act: "duplicate" }
  /** The next two events change places. */
  | { readonly act: "reorder" }
  /** A line that is no JSON, at once; the stream stays open. */
  | { readonly act: "malformed" }
  /** A line of type `FOO`, at once; the stream stays open. */
  | { readonly act: "unknownType" }
  /** A line of `bytes` (20 MiB by default), at once. */
  | { readonly act: "hugeLine"; readonly bytes?: number }
  /** An `ERROR` event, at once, then a clean end. */
  | { readonly act: "error"; readonly status: StatusFault }
  /** Any line, at once; the stream stays open. */
  | { readonly act: "line"; readonly text: string }
  /** Nothing more is ever sent; the stream stays open. */
  | { readonly act: "silent" }
  /** Each event is written in pieces of `bytes` (7 by default), one a millisecond. */
  | { readonly act: "split"; readonly bytes?: number };

/** A `Status` answer. */
export interface StatusFault {
  readonly code: number;
  /** Default: the usual one of the code. */
  readonly reason?: string;
  readonly message?: string;
  /** Sent as `Retry-After` and as `details.retryAfterSeconds`. */
  readonly retryAfterSeconds?: number;
  readonly details?: JsonObject;
  readonly metadata?: JsonObject;
}

/** What happens to a request. */
export type Fault =
  /** The connection is reset before an answer. */
  | { readonly kind: "refuse" }
  /** The answer comes `ms` later, as usual otherwise. */
  | { readonly kind: "delay"; readonly ms: number }
  | ({ readonly kind: "status" } & StatusFault)
  | { readonly kind: "redirect"; readonly location: string; readonly code?: number }
  /** Any answer. Default code 200. */
  | {
    readonly kind: "answer";
    readonly contentType: string;
    readonly text: string;
    readonly code?: number;
  }
  /** 200 with a page of HTML, as a captive proxy gives. */
  | { readonly kind: "html" }
  /** Not even headers, ever. */
  | { readonly kind: "hang" }
  /** RST_STREAM before headers; `code` 7 is REFUSED_STREAM, 8 CANCEL (default). HTTP/1.1: refuse. */
  | { readonly kind: "reset"; readonly code?: number }
  /** The answer is cut after `bytes`, by a TCP reset or by RST_STREAM with CANCEL. */
  | { readonly kind: "truncate"; readonly bytes: number; readonly how: "cut" | "reset" }
  /** GOAWAY on the connection; the request itself goes on, unless its stream is above the last. */
  | { readonly kind: "goaway"; readonly mode: GoawayMode }
  /** A `Warning` header with the usual answer. */
  | { readonly kind: "warning"; readonly text: string }
  /** Happens on the watch once `afterEvents` (0 by default) were sent; bookmarks count. */
  | ({ readonly kind: "stream"; readonly afterEvents?: number } & StreamFault);

/**
 * `graceful`: two frames, the first with the highest id, as a draining API server sends. `single`: one
 * with the newest stream. `lowLastStream`: one with an id below the current stream, which therefore was
 * not processed.
 */
export type GoawayMode = "graceful" | "single" | "lowLastStream";

/** Which requests are hit; everything given must fit. */
export interface FaultMatch {
  readonly verb?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly method?: string;
  /** The whole path, or a pattern on path and query. */
  readonly path?: string | RegExp;
  /** Name of the user. */
  readonly user?: string;
  /** Fitting requests to let pass first. Default 0. */
  readonly skip?: number;
  /** Requests to hit. Default 1; `Infinity` until removed. */
  readonly times?: number;
}

/** A fault that was put into the script. */
export interface InjectedFault {
  /** Requests hit so far. */
  readonly hits: number;
  /** Takes it out again. */
  remove(): void;
}

/** A request as the script sees it. */
export interface FaultSubject {
  readonly target: Target;
  readonly method: string;
  readonly rawTarget: string;
  readonly userName: string;
}

interface Scripted {
  readonly fault: Fault;
  readonly match: FaultMatch;
  skipped: number;
  hits: number;
}

/** The faults of one server, in the order in which they were put in. */
export class FaultScript {
  readonly #scripted: Scripted[] = [];

  add(fault: Fault, match: FaultMatch): InjectedFault {
    const scripted: Scripted = { fault, match, skipped: 0, hits: 0 };
    this.#scripted.push(scripted);
    return {
      get hits() {
        return scripted.hits;
      },
      remove: () => {
        const index = this.#scripted.indexOf(scripted);
        if (index >= 0) this.#scripted.splice(index, 1);
      },
    };
  }

  /** Takes all faults out. */
  clear(): void {
    this.#scripted.length = 0;
  }

  /** The faults for a request, counted as hits: the first one that answers, and all that only add. */
  take(subject: FaultSubject): Fault[] {
    const taken: Fault[] = [];
    for (const scripted of this.#scripted) {
      const { fault, match } = scripted;
      if (scripted.hits >= (match.times ?? 1) || !fits(match, subject)) continue;
      const isAdditive = ["delay", "warning", "goaway", "stream"].includes(fault.kind);
      if (scripted.skipped < (match.skip ?? 0)) {
        scripted.skipped += 1;
        continue;
      }
      scripted.hits += 1;
      taken.push(fault);
      if (!isAdditive) break;
    }
    return taken;
  }
}

function fits(match: FaultMatch, { target, method, rawTarget, userName }: FaultSubject): boolean {
  const { path } = match;
  if (typeof path === "string" && path !== target.path) return false;
  if (path instanceof RegExp && !path.test(rawTarget)) return false;
  return [
    [match.verb, target.verb],
    [match.resource, target.resource],
    [match.subresource, target.subresource],
    [match.namespace, target.namespace],
    [match.name, target.name],
    [match.method, method],
    [match.user, userName],
  ].every(([wanted, actual]) => wanted === undefined || wanted === actual);
}
