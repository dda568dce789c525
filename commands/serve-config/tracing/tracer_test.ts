/** Traces: continued, passed on, exported; and none without being asked. */

import assert from "node:assert/strict";
import { silentLogger } from "#lib/log/logger.ts";
import { ManualClock, settle } from "#tests/support/clock.ts";
import { PeerClient } from "../ring/peer_client.ts";
import { PeerSet } from "../ring/peer_set.ts";
import type { FinishedSpan } from "./export.ts";
import { extract, inject } from "./propagation.ts";
import { toTracingSettings } from "./settings.ts";
import { createTracer } from "./tracer.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

function tracerWith(env: Record<string, string>, status = 200) {
  const settings = toTracingSettings(env);
  assert.ok(settings);
  const posted: { url: string; body: string; headers: HeadersInit | undefined }[] = [];
  const written: string[] = [];
  const clock = new ManualClock();
  const tracer = createTracer(settings, {
    clock,
    log: silentLogger,
    write: (text) => written.push(text),
    fetch(url, init) {
      posted.push({ url, body: String(init.body), headers: init.headers });
      return Promise.resolve(new Response(null, { status }));
    },
  });
  return { tracer, posted, written, clock, settings };
}

function spansOf(body: string): readonly FinishedSpan[] {
  return JSON.parse(body).resourceSpans[0].scopeSpans[0].spans;
}

Deno.test("propagators read and write their headers", async (t) => {
  const context = { traceId: TRACE, spanId: SPAN, isSampled: true };
  const cases: ["tracecontext" | "b3" | "b3multi", Record<string, string>][] = [
    ["tracecontext", { traceparent: `00-${TRACE}-${SPAN}-01` }],
    ["b3", { b3: `${TRACE}-${SPAN}-1` }],
    ["b3multi", { "x-b3-traceid": TRACE, "x-b3-spanid": SPAN, "x-b3-sampled": "1" }],
  ];
  for (const [name, headers] of cases) {
    await t.step(name, () => {
      assert.deepEqual({ ...inject(context, [name]) }, headers);
      const read = extract(new Headers(headers), [name]);
      assert.deepEqual({ ...read, traceState: undefined }, { ...context, traceState: undefined });
    });
  }
  assert.equal(
    extract(new Headers({ traceparent: `00-${"0".repeat(32)}-${SPAN}-01` }), [
      "tracecontext",
    ]),
    undefined,
  );
  assert.equal(extract(new Headers({ traceparent: "nonsense" }), ["tracecontext"]), undefined);
  assert.equal(
    extract(new Headers({ b3: `${SPAN}-${SPAN}` }), ["b3"])?.traceId,
    SPAN.padStart(32, "0"),
  );
});

Deno.test("a request makes a server span, its child and one for the load, exported as OTLP", async () => {
  const { tracer, posted, settings } = tracerWith({
    OTELCONFIG_EXPORTER: "http",
    OTEL_SERVICE_NAME: "configs",
    OTEL_EXPORTER_OTLP_HEADERS: "x-key=a%20b",
  });
  assert.equal(settings.endpoint, "http://localhost:4318/v1/traces");
  let seen: Readonly<Record<string, string>> = {};
  const upstream = tracer.upstream({
    kind: "http",
    load() {
      seen = tracer.headers();
      return Promise.resolve({ kind: "failed", status: 500, reason: "down" });
    },
    watch: () => Promise.resolve({ finished: Promise.resolve() }),
  });
  const handler = tracer.server(async () => {
    await upstream.load("/a", new AbortController().signal);
    return new Response(tracer.traceId(), { status: 502 });
  });
  const info = {} as Deno.ServeHandlerInfo<Deno.NetAddr>;
  const headers = { traceparent: `00-${TRACE}-${SPAN}-01` };
  const answer = await handler(new Request("http://h/a", { headers }), info);
  assert.equal(await answer.text(), TRACE);
  assert.match(seen["traceparent"] ?? "", new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
  await tracer.stop();
  assert.equal(posted[0]?.url, settings.endpoint);
  assert.deepEqual(posted[0]?.headers, { "content-type": "application/json", "x-key": "a b" });
  const spans = spansOf(posted[0]?.body ?? "");
  assert.deepEqual(spans.map(({ name }) => name), [
    "HTTP GET",
    "backendHTTP.fetch",
    "request",
    "HTTP GET",
  ]);
  assert.deepEqual(spans.map(({ kind }) => kind), [3, 1, 1, 2]);
  const [client, load, request, server] = spans;
  assert.equal(client?.parentSpanId, load?.spanId);
  assert.equal(load?.parentSpanId, request?.spanId);
  assert.equal(request?.parentSpanId, server?.spanId);
  assert.equal(server?.parentSpanId, SPAN);
  assert.ok(spans.every(({ traceId }) => traceId === TRACE));
  assert.deepEqual([load?.status.code, server?.status.code], [2, 2]);
});

Deno.test("a call to a peer has a client span within a request, and none of its own", async () => {
  const { tracer, posted } = tracerWith({ OTELCONFIG_EXPORTER: "http" });
  const client = new PeerClient({
    transport: {
      request(_peer, { headers }) {
        sent.push(headers["traceparent"]);
        return Promise.resolve({ status: 204, headers: {}, bytes: new Uint8Array() });
      },
      close() {},
    },
    secret: undefined,
    traceHeaders: tracer.headers,
    traceCall: tracer.call,
    clock: new ManualClock(),
    log: silentLogger,
  });
  const sent: (string | undefined)[] = [];
  const [peer] = new PeerSet({ self: "http://self:1", kind: "seed" }, { clock: new ManualClock() })
    .replace(["http://peer:1"]) ?? [];
  assert.ok(peer);
  const call = () => client.invalidate(peer, { id: "1", origin: "http://self:1", keys: [] });
  await call();
  await tracer.span("request", 1, call);
  await tracer.stop();
  const [inner, outer] = spansOf(posted[0]?.body ?? "");
  assert.deepEqual([inner?.name, inner?.kind, inner?.parentSpanId], [
    "HTTP POST",
    3,
    outer?.spanId,
  ]);
  assert.deepEqual(sent, [undefined, `00-${inner?.traceId}-${inner?.spanId}-01`]);
});

Deno.test("spans go to stdout as lines, in time", async () => {
  const { tracer, written, clock } = tracerWith({ OTELCONFIG_EXPORTER: "stdout" });
  await tracer.span("one", 1, () => Promise.resolve());
  await clock.advance(4999);
  assert.equal(written.length, 0);
  await clock.advance(1);
  await settle();
  assert.equal(JSON.parse(written[0] ?? "").name, "one");
});

Deno.test("traces that are not to be recorded are passed on all the same", async () => {
  const off = { OTELCONFIG_EXPORTER: "http", OTEL_TRACES_SAMPLER: "parentbased_always_off" };
  const { tracer, posted } = tracerWith(off);
  await tracer.span("one", 1, () => {
    assert.match(tracer.headers()["traceparent"] ?? "", /-00$/);
    return Promise.resolve();
  });
  await tracer.stop();
  assert.equal(posted.length, 0);
});

Deno.test("a collector that refuses loses spans and nothing else", async () => {
  const { tracer, posted } = tracerWith({ OTELCONFIG_EXPORTER: "http" }, 503);
  await tracer.span("one", 1, () => Promise.resolve());
  await tracer.stop();
  assert.equal(posted.length, 1);
});

Deno.test("toTracingSettings() traces only when asked", () => {
  assert.equal(toTracingSettings({}), undefined);
  assert.equal(toTracingSettings({ OTEL_TRACES_EXPORTER: "none" }), undefined);
  const grpc = toTracingSettings({ OTELCONFIG_EXPORTER: "grpc" });
  assert.deepEqual([grpc?.exporter, grpc?.notices.length], ["none", 1]);
  const given = toTracingSettings({
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318/",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_PROPAGATORS: "b3,tracecontext,xray",
    OTEL_TRACES_SAMPLER: "traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0.25",
    OTEL_RESOURCE_ATTRIBUTES: "service.name=x,a=b",
  });
  assert.deepEqual(
    [given?.exporter, given?.endpoint, given?.propagators, given?.sampler, given?.serviceName],
    [
      "http",
      "http://c:4318/v1/traces",
      ["b3", "tracecontext"],
      { ratio: 0.25, parentBased: false },
      "x",
    ],
  );
});
