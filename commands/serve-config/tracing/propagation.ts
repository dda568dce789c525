/** How a trace travels in headers: W3C trace context, and B3 in one header or several (serve-config.md 11). */

import type { PropagatorName } from "./settings.ts";

/** A place in a trace. */
export interface SpanContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly isSampled: boolean;
  /** Passed on as it came. */
  readonly traceState?: string | undefined;
}

const TRACE_PARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;
const B3 = /^([0-9a-f]{16}|[0-9a-f]{32})-([0-9a-f]{16})(?:-([01d]))?(?:-[0-9a-f]{16})?$/i;
const ZERO = /^0+$/;

/** Reads the context of a request by the first propagator that finds one. */
export function extract(
  headers: Headers,
  propagators: readonly PropagatorName[],
): SpanContext | undefined {
  for (const name of propagators) {
    const context = READERS[name](headers);
    if (context !== undefined && !ZERO.test(context.traceId) && !ZERO.test(context.spanId)) {
      return context;
    }
  }
  return undefined;
}

/** The headers that carry a context, by every propagator. */
export function inject(
  { traceId, spanId, isSampled, traceState }: SpanContext,
  propagators: readonly PropagatorName[],
): Readonly<Record<string, string>> {
  const flag = isSampled ? "1" : "0";
  const headers: Record<string, string> = {};
  for (const name of propagators) {
    if (name === "tracecontext") {
      headers["traceparent"] = `00-${traceId}-${spanId}-0${flag}`;
      if (traceState !== undefined) headers["tracestate"] = traceState;
    } else if (name === "b3") {
      headers["b3"] = `${traceId}-${spanId}-${flag}`;
    } else {
      headers["x-b3-traceid"] = traceId;
      headers["x-b3-spanid"] = spanId;
      headers["x-b3-sampled"] = flag;
    }
  }
  return headers;
}

const READERS: Readonly<Record<PropagatorName, (headers: Headers) => SpanContext | undefined>> = {
  tracecontext(headers) {
    const [, traceId, spanId, flags] = TRACE_PARENT.exec(headers.get("traceparent") ?? "") ?? [];
    if (traceId === undefined || spanId === undefined) return undefined;
    const traceState = headers.get("tracestate") ?? undefined;
    return { traceId, spanId, isSampled: (parseInt(flags ?? "0", 16) & 1) === 1, traceState };
  },
  b3(headers) {
    const [, traceId, spanId, flag] = B3.exec(headers.get("b3") ?? "") ?? [];
    return b3Context(traceId, spanId, flag);
  },
  b3multi(headers) {
    const flag = headers.get("x-b3-flags") === "1" ? "d" : headers.get("x-b3-sampled");
    const text = `${headers.get("x-b3-traceid")}-${headers.get("x-b3-spanid")}`;
    const [, traceId, spanId] = B3.exec(text) ?? [];
    return b3Context(traceId, spanId, flag === "true" ? "1" : flag ?? undefined);
  },
};

/** Short trace ids are filled up; a decision left open counts as yes. */
function b3Context(
  traceId: string | undefined,
  spanId: string | undefined,
  flag: string | undefined,
): SpanContext | undefined {
  if (traceId === undefined || spanId === undefined) return undefined;
  return {
    traceId: traceId.toLowerCase().padStart(32, "0"),
    spanId: spanId.toLowerCase(),
    isSampled: flag === undefined || flag === "1" || flag === "d",
  };
}
