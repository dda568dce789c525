/** The process's own figures, read from the runtime without any permission. */

import { runtimeInfo, VERSION } from "./version.ts";

/** Figures for `lib/metrics/process_metrics.ts`. */
export function processReadings(): {
  rss(): number;
  heapUsed(): number;
  cpuSeconds(): number;
  readonly startedAtSeconds: number;
  readonly version: string;
  readonly runtime: string;
} {
  return {
    rss: () => Deno.memoryUsage().rss,
    heapUsed: () => Deno.memoryUsage().heapUsed,
    cpuSeconds() {
      // In the runtime since 2.3 but not in its types; microseconds.
      const { user, system } = (Deno as unknown as RuntimeWithCpuUsage).cpuUsage();
      return (user + system) / 1e6;
    },
    startedAtSeconds: performance.timeOrigin / 1000,
    version: VERSION,
    runtime: runtimeInfo().runtime,
  };
}

interface RuntimeWithCpuUsage {
  cpuUsage(): { readonly user: number; readonly system: number };
}
