/** What every process tells about itself, under the names Prometheus client libraries use. */

import type { Collect, Metrics } from "./metrics.ts";

/** Readings of the process; the real ones need no permission. */
export interface ProcessReadings {
  /** Bytes. */
  rss(): number;
  /** Bytes. */
  heapUsed(): number;
  /** Seconds of processor time since start. */
  cpuSeconds(): number;
  /** Seconds since the Unix epoch. */
  readonly startedAtSeconds: number;
  readonly version: string;
  /** For example `deno/2.9.6`. */
  readonly runtime: string;
}

/** Registers `process_*`, `kcfg_runtime_info` and `kcfg_build_info`. */
export function registerProcessMetrics(metrics: Metrics, readings: ProcessReadings): void {
  metrics.gauge({
    name: "process_start_time_seconds",
    help: "Start of the process in seconds since the Unix epoch",
    collect: single(() => readings.startedAtSeconds),
  });
  metrics.counter({
    name: "process_cpu_seconds_total",
    help: "Processor time used, in seconds",
    collect: single(() => readings.cpuSeconds()),
  });
  metrics.gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory in bytes",
    collect: single(() => readings.rss()),
  });
  metrics.gauge({
    name: "kcfg_heap_used_bytes",
    help: "JavaScript heap in use, in bytes",
    collect: single(() => readings.heapUsed()),
  });
  metrics.gauge({
    name: "kcfg_runtime_info",
    help: "Runtime that executes kcfg",
    labels: ["runtime"],
  }).set(1, [readings.runtime]);
  metrics.gauge({
    name: "kcfg_build_info",
    help: "Version of kcfg",
    labels: ["version"],
  }).set(1, [readings.version]);
}

function single(read: () => number): Collect {
  return () => [{ labelValues: [], value: read() }];
}
