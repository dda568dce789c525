/** Where finished spans go: OTLP over HTTP as JSON, or lines on stdout. Bounded, in batches, never in the way. */

import type { Logger } from "#lib/log/logger.ts";
import type { Clock, Timer } from "#lib/run/clock.ts";
import type { TracingSettings } from "./settings.ts";

/** A finished span in the terms of OTLP/JSON. */
export interface FinishedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string | undefined;
  readonly name: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: 1 | 2 | 3;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code?: 2; readonly message?: string };
}

/** A named value of a span. */
export interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string };
}

/** Takes spans. */
export interface SpanExporter {
  add(span: FinishedSpan): void;
  /** Sends what waits, at most for some seconds. */
  stop(): Promise<void>;
}

/** What an exporter needs. */
export interface ExporterDeps {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Writes to stdout. */
  readonly write: (text: string) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

const EXPORT_TIMEOUT_MS = 5000;
const REPORT_MS = 60_000;

/** Makes the exporter of the settings. */
export function createExporter(settings: TracingSettings, deps: ExporterDeps): SpanExporter {
  if (settings.exporter === "none") return { add() {}, stop: () => Promise.resolve() };
  const send = settings.exporter === "stdout"
    ? (spans: readonly FinishedSpan[]) => {
      deps.write(spans.map((span) => `${JSON.stringify(span)}\n`).join(""));
      return Promise.resolve();
    }
    : (spans: readonly FinishedSpan[]) => post(spans, settings, deps);
  return batching(send, settings, deps);
}

function batching(
  send: (spans: readonly FinishedSpan[]) => Promise<void>,
  { maxBatch, maxQueue, scheduleMs }: TracingSettings,
  { clock, log }: ExporterDeps,
): SpanExporter {
  let queue: FinishedSpan[] = [];
  let timer: Timer | undefined;
  let sending: Promise<void> | undefined;
  let reportedAt = -Infinity;

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.slice(0, maxBatch);
      queue = queue.slice(maxBatch);
      try {
        await send(batch);
      } catch (err) {
        // These spans are lost; the next ones may have more luck.
        if (clock.monotonic() - reportedAt < REPORT_MS) continue;
        reportedAt = clock.monotonic();
        log.warn("traces are not exported", { err });
      }
    }
  }

  function flush(): Promise<void> {
    timer?.cancel();
    timer = undefined;
    sending ??= drain().finally(() => sending = undefined);
    return sending;
  }

  return {
    add(span) {
      if (queue.length >= maxQueue) return;
      queue.push(span);
      if (queue.length >= maxBatch) void flush();
      else timer ??= clock.timer(() => void flush(), scheduleMs, { unref: true });
    },
    stop: flush,
  };
}

async function post(
  spans: readonly FinishedSpan[],
  { endpoint, headers, serviceName, resource }: TracingSettings,
  { fetch }: ExporterDeps,
): Promise<void> {
  const attributes = Object.entries({ ...resource, "service.name": serviceName }).map(
    ([key, value]) => ({ key, value: { stringValue: value } }),
  );
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { "content-type": "application/json", ...Object.fromEntries(headers) },
    body: JSON.stringify({
      resourceSpans: [{
        resource: { attributes },
        scopeSpans: [{ scope: { name: "kcfg" }, spans }],
      }],
    }),
    signal: AbortSignal.timeout(EXPORT_TIMEOUT_MS),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`The collector answered ${response.status}`);
}
