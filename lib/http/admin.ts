/** Answers that every long-running command gives: liveness, readiness, metrics. */

import {
  formatMetrics,
  OPENMETRICS_CONTENT_TYPE,
  TEXT_CONTENT_TYPE,
  wantsOpenMetrics,
} from "#lib/metrics/exposition.ts";
import type { Metrics } from "#lib/metrics/metrics.ts";
import { plain } from "./plain.ts";

/** State of one check: `warn` is shown and does not make the process unready. */
export interface CheckResult {
  readonly status: "ok" | "warn" | "fail";
  /** What is wrong, for a person. */
  readonly detail?: string;
}

/** Named checks, asked at each readiness request. They must not wait for anything. */
export type ReadinessChecks = Readonly<Record<string, () => CheckResult>>;

/** 200 as long as the process answers at all. */
export function liveness(): Response {
  return plain("ok");
}

/** 200 or 503 with `{"status":"ok"|"fail","checks":{…}}`. */
export function readiness(checks: ReadinessChecks): Response {
  const results = Object.entries(checks).map(([name, check]) => [name, check()] as const);
  const failed = results.some(([, { status }]) => status === "fail");
  return new Response(
    JSON.stringify({ status: failed ? "fail" : "ok", checks: Object.fromEntries(results) }),
    {
      status: failed ? 503 : 200,
      headers: { "content-type": "application/json", "cache-control": "no-store", ...NOSNIFF },
    },
  );
}

/** The exposition, in the format the scraper asks for. */
export function exposition(request: Request, metrics: Metrics): Response {
  const openMetrics = wantsOpenMetrics(request.headers.get("accept"));
  return new Response(formatMetrics(metrics.families(), { openMetrics }), {
    headers: {
      "content-type": openMetrics ? OPENMETRICS_CONTENT_TYPE : TEXT_CONTENT_TYPE,
      ...NOSNIFF,
    },
  });
}

const NOSNIFF = { "x-content-type-options": "nosniff" };
