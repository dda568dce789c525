/** Requests in numbers, within bounds. */

import assert from "node:assert/strict";
import { formatMetrics } from "#lib/metrics/exposition.ts";
import { Metrics } from "#lib/metrics/metrics.ts";
import { createRequestMetrics } from "./request_metrics.ts";

Deno.test("createRequestMetrics() gives the first paths series of their own", () => {
  const metrics = new Metrics();
  const sample = createRequestMetrics(metrics, { uriLimit: 3 });
  for (const path of [`/${"x".repeat(1024)}`, "/a", "/b", "/a"]) {
    sample({ method: "GET", path, status: 200, seconds: 0.0007 });
  }
  sample({ method: "POST", path: "/monitor", status: 200, seconds: 0.01 });
  sample({ method: "POST", path: "/e", status: 404, seconds: 0.01 });
  sample({ method: "POST", path: "/g", status: 404, seconds: 0.01 });
  for (const path of ["/c", "/d"]) sample({ method: "GET", path, status: 200, seconds: 0.0007 });
  sample({ method: "MADE-UP", path: "/f", status: 404, seconds: 0.01 });
  const text = formatMetrics(metrics.families(), { openMetrics: false });
  const counts = [...text.matchAll(/_count\{method="(.*?)",status="(\d+)",uri="(.*?)"\} (\d+)/g)]
    .map((match) => match.slice(1).join(" "));
  assert.deepEqual(counts, [
    "GET 200 _other_ 3",
    "GET 200 /a 2",
    "GET 200 /b 1",
    "POST 200 /monitor 1",
    "POST 404 _none_ 2",
    "_other_ 404 _none_ 1",
  ]);
  assert.match(text, /_bucket\{method="GET",status="200",uri="\/a",le="0.001"\} 2/);
  assert.match(text, /_bucket\{method="GET",status="200",uri="\/a",le="0.0005"\} 0/);
});
