/**
 * Requests in numbers, under the name the replaced program used. Its label is the raw path, which lets
 * clients make series at will, so only the first paths get their own (serve-config.md 10).
 */

import type { HistogramSeries, Metrics } from "#lib/metrics/metrics.ts";
import { LATENCY_BOUNDS } from "../cache/cache_metrics.ts";

/** One answered request. */
export interface RequestSample {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly seconds: number;
}

/** Longer paths are nobody's configuration and would make the exposition heavy. */
const MAX_LABEL_CHARS = 1024;

/** Methods that are labels; whatever else a client makes up shares one. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
/** Methods by which objects are read. */
const READS = new Set(["GET", "HEAD"]);

/** Makes the function that counts requests; `uriLimit` paths get series of their own. */
export function createRequestMetrics(
  metrics: Metrics,
  { uriLimit }: { readonly uriLimit: number },
): (sample: RequestSample) => void {
  const histogram = metrics.histogram({
    name: "http_server_requests_seconds",
    help: "Time to answer requests of the application listener",
    labels: ["method", "status", "uri"],
    bounds: LATENCY_BOUNDS,
    // Each path may come with a few statuses and two methods.
    maxSeries: (uriLimit + 2) * 8,
  });
  const paths = new Set<string>();
  // Series of plain successes, so that a hit looks up its path once and nothing else.
  const successes = new Map<string, HistogramSeries>();
  let otherSuccesses: HistogramSeries | undefined;

  function uriOf(path: string): string {
    if (paths.has(path)) return path;
    if (paths.size >= uriLimit || path.length > MAX_LABEL_CHARS) return "_other_";
    paths.add(path);
    return path;
  }

  function otherOf(path: string): HistogramSeries | undefined {
    return paths.size >= uriLimit && !paths.has(path) ? otherSuccesses : undefined;
  }

  return ({ method, path, status, seconds }) => {
    const isSuccess = status === 200 && method === "GET";
    const success = isSuccess ? successes.get(path) ?? otherOf(path) : undefined;
    if (success !== undefined) return histogram.observeIn(success, seconds);
    // By another method than reading there is nothing at most paths.
    const isNowhere = status === 404 && !READS.has(method);
    const series = histogram.series([
      METHODS.has(method) ? method : "_other_",
      String(status),
      isNowhere ? "_none_" : uriOf(path),
    ]);
    histogram.observeIn(series, seconds);
    if (!isSuccess) return;
    if (paths.has(path)) successes.set(path, series);
    else otherSuccesses = series;
  };
}
