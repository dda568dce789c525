/** What is told of each request: one log line and one sample. Never a value, never a query. */

import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { RequestSample } from "./request_metrics.ts";
import type { AnsweredRequest } from "./routes.ts";

/**
 * Makes the function that reports answered requests; `logged` is whether info lines are written at all.
 * `undefined` when there is nobody to report to, which spares the measuring as well.
 */
export function createRequestReport(
  { logged, sample, traceId }: {
    readonly logged: boolean;
    /** Absent where requests are not counted. */
    readonly sample: ((sample: RequestSample) => void) | undefined;
    /** Trace that the request belongs to. */
    readonly traceId?: (() => string | undefined) | undefined;
  },
  { log, clock }: { readonly log: Logger; readonly clock: Clock },
): ((answered: AnsweredRequest) => void) | undefined {
  if (sample === undefined && !logged) return undefined;
  return ({ request, info, path, status, bytes, outcome, startedAt }) => {
    const ms = clock.monotonic() - startedAt;
    const { method } = request;
    sample?.({ method, path, status, seconds: ms / 1000 });
    if (!logged) return;
    log.info("request", {
      remote: info.remoteAddr.hostname,
      method,
      path,
      status,
      bytes,
      ms: Math.round(ms * 1000) / 1000,
      outcome,
      ...(traceId !== undefined && { traceId: traceId() }),
    });
  };
}
