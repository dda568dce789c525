/** Metrics as a scraper sees them. */

import assert from "node:assert/strict";
import { formatMetrics, wantsOpenMetrics } from "./exposition.ts";
import { Metrics } from "./metrics.ts";
import { registerProcessMetrics } from "./process_metrics.ts";

function sample(): Metrics {
  const metrics = new Metrics();
  metrics.counter({ name: "events_total", help: "Events\nseen", labels: ["source"] }).inc([
    'a"\\\n',
  ]);
  metrics.gauge({ name: "waiters", help: "Waiters" }).set(2);
  const seconds = metrics.histogram({
    name: "seconds",
    help: "Time",
    labels: ["code"],
    bounds: [0.1, 1],
  });
  for (const value of [0.05, 0.1, 0.5, 3]) seconds.observe(value, ["2xx"]);
  return metrics;
}

Deno.test("formatMetrics() writes the text format", () => {
  assert.equal(
    formatMetrics(sample().families(), { openMetrics: false }),
    `# HELP events_total Events\\nseen
# TYPE events_total counter
events_total{source="a\\"\\\\\\n"} 1
# HELP waiters Waiters
# TYPE waiters gauge
waiters 2
# HELP seconds Time
# TYPE seconds histogram
seconds_bucket{code="2xx",le="0.1"} 2
seconds_bucket{code="2xx",le="1"} 3
seconds_bucket{code="2xx",le="+Inf"} 4
seconds_sum{code="2xx"} 3.65
seconds_count{code="2xx"} 4
`,
  );
});

Deno.test("formatMetrics() writes OpenMetrics: bare counter titles and an end", () => {
  const text = formatMetrics(sample().families(), { openMetrics: true });
  assert.match(text, /^# TYPE events counter$/m);
  assert.match(text, /^events_total\{/m);
  assert.ok(text.endsWith("# EOF\n"));
});

Deno.test("wantsOpenMetrics() follows the Accept header", () => {
  assert.ok(wantsOpenMetrics("application/openmetrics-text;version=1.0.0,text/plain;q=0.5"));
  assert.ok(!wantsOpenMetrics("text/plain"));
  assert.ok(!wantsOpenMetrics(null));
});

Deno.test("registerProcessMetrics() reads the process at each scrape", () => {
  const metrics = new Metrics();
  let rss = 1;
  registerProcessMetrics(metrics, {
    rss: () => rss,
    heapUsed: () => 2,
    cpuSeconds: () => 3,
    startedAtSeconds: 4,
    version: "1.2.3",
    runtime: "deno/2",
  });
  assert.match(
    formatMetrics(metrics.families(), { openMetrics: false }),
    /^process_resident_memory_bytes 1$/m,
  );
  rss = 9;
  const text = formatMetrics(metrics.families(), { openMetrics: false });
  assert.match(text, /^process_resident_memory_bytes 9$/m);
  assert.match(text, /^kcfg_build_info\{version="1.2.3"\} 1$/m);
  assert.match(text, /^# TYPE process_cpu_seconds_total counter$/m);
});
