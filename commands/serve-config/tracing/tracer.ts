/**
 * Spans around requests, loads and calls to peers (serve-config.md 11). The current span follows the work through
 * the runtime's asynchronous context, so nothing in between knows of it. Loaded only where traces are asked for.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import type { Handler } from "#lib/http/server.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { createExporter } from "./export.ts";
import type { Attribute, ExporterDeps, FinishedSpan } from "./export.ts";
import { extract, inject } from "./propagation.ts";
import type { SpanContext } from "./propagation.ts";
import type { TracingSettings } from "./settings.ts";

/** A span that is open. */
export interface OpenSpan {
  readonly context: SpanContext;
  set(key: string, value: string | number): void;
  /** Marks it as failed. */
  fail(message: string): void;
}

/** Makes spans. */
export interface Tracer {
  /** Runs `work` in a span below the current one. An error it throws marks the span and goes on. */
  span<T>(
    name: string,
    kind: FinishedSpan["kind"],
    work: (span: OpenSpan) => Promise<T>,
  ): Promise<T>;
  /** Runs a handler in a server span that continues the trace of the request, with a child `request`. */
  server(handler: Handler): Handler;
  /** Runs a call to another server in a client span, if it belongs to a trace. */
  call<T>(name: string, call: () => Promise<T>): Promise<T>;
  /** Headers that carry the current span on; none outside of one. */
  headers(): Readonly<Record<string, string>>;
  /** Of the current span. */
  traceId(): string | undefined;
  /** Runs each load in a span of its own. */
  upstream(upstream: Upstream): Upstream;
  /** Sends what waits. */
  stop(): Promise<void>;
}

const INTERNAL = 1;
const SERVER = 2;
const CLIENT = 3;

/** Makes the tracer. */
export function createTracer(settings: TracingSettings, deps: ExporterDeps): Tracer {
  const { clock } = deps;
  const exporter = createExporter(settings, deps);
  const current = new AsyncLocalStorage<SpanContext>();

  function isSampled(traceId: string, parent: SpanContext | undefined): boolean {
    const { ratio, parentBased } = settings.sampler;
    if (parent !== undefined && parentBased) return parent.isSampled;
    // The same decision for a trace wherever it is made.
    return parseInt(traceId.slice(-8), 16) / 0x1_0000_0000 < ratio;
  }

  async function run<T>(
    { name, kind, parent }: {
      readonly name: string;
      readonly kind: FinishedSpan["kind"];
      readonly parent: SpanContext | undefined;
    },
    work: (span: OpenSpan) => Promise<T>,
  ): Promise<T> {
    const traceId = parent?.traceId ?? randomHex(16);
    const context: SpanContext = {
      traceId,
      spanId: randomHex(8),
      isSampled: isSampled(traceId, parent),
      traceState: parent?.traceState,
    };
    const attributes: Attribute[] = [];
    let failure: string | undefined;
    const startMs = clock.now();
    const startedAt = clock.monotonic();
    try {
      return await current.run(context, () =>
        work({
          context,
          set: (key, value) =>
            void attributes.push({
              key,
              value: typeof value === "string"
                ? { stringValue: value }
                : { intValue: String(value) },
            }),
          fail: (message) => void (failure = message),
        }));
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
      throw error;
    } finally {
      if (context.isSampled) {
        exporter.add({
          traceId,
          spanId: context.spanId,
          parentSpanId: parent?.spanId,
          name,
          kind,
          startTimeUnixNano: nanos(startMs),
          endTimeUnixNano: nanos(startMs + clock.monotonic() - startedAt),
          attributes,
          status: failure === undefined ? {} : { code: 2, message: failure },
        });
      }
    }
  }

  const span: Tracer["span"] = (name, kind, work) =>
    run({ name, kind, parent: current.getStore() }, work);

  return {
    span,
    server: (handler) => (request, info) => {
      const parent = extract(request.headers, settings.propagators);
      return run({ name: `HTTP ${request.method}`, kind: SERVER, parent }, async (server) => {
        const response = await span("request", INTERNAL, async (inner) => {
          const answer = await handler(request, info);
          if (answer.status >= 500) inner.fail(`status ${answer.status}`);
          return answer;
        });
        server.set("http.request.method", request.method);
        server.set("http.response.status_code", response.status);
        if (response.status >= 500) server.fail(`status ${response.status}`);
        return response;
      });
    },
    call: (name, call) => current.getStore() === undefined ? call() : span(name, CLIENT, call),
    headers() {
      const context = current.getStore();
      return context === undefined ? {} : inject(context, settings.propagators);
    },
    traceId: () => current.getStore()?.traceId,
    upstream: (upstream) => ({
      ...upstream,
      load: (key, signal, request) =>
        span(nameOf(upstream.kind), INTERNAL, async (inner) => {
          const load = () => upstream.load(key, signal, request);
          const outcome =
            await (upstream.kind === "http" ? span("HTTP GET", CLIENT, load) : load());
          if (outcome.kind === "failed") inner.fail(outcome.reason);
          return outcome;
        }),
    }),
    stop: () => exporter.stop(),
  };
}

function nameOf(kind: string): string {
  const known: Readonly<Record<string, string>> = {
    http: "backendHTTP",
    dir: "backendDir",
    kube: "backendKube",
  };
  return `${known[kind] ?? kind}.fetch`;
}

function randomHex(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex();
}

function nanos(ms: number): string {
  return String(BigInt(Math.round(ms * 1000)) * 1000n);
}
