/** The HTTP service of a run, where one is asked for; loaded for it alone. */

import { startServer } from "#lib/http/server.ts";
import type { Logger } from "#lib/log/logger.ts";
import { registerProcessMetrics } from "#lib/metrics/process_metrics.ts";
import { processReadings } from "#lib/run/process_readings.ts";
import type { ReloadOptions } from "./options.ts";
import { createService, type ServiceDeps } from "./service.ts";

/** Starts it; it ends with `cleanup`. @throws {Error} when the address cannot be had */
export function startService(
  options: ReloadOptions,
  cleanup: AsyncDisposableStack,
  deps: Omit<ServiceDeps, "startedAtMs"> & { readonly log: Logger },
): void {
  if (options.listen === undefined) return;
  registerProcessMetrics(deps.metrics, processReadings());
  deps.metrics.gauge({
    name: "process_open_fds",
    help: "Open file descriptors, where the process may look",
    collect: openDescriptors,
  });
  const handler = createService(options, { ...deps, startedAtMs: deps.clock.now() });
  const server = startServer({ name: "service", address: options.listen, handler }, deps);
  deps.log.info("listening", { listen: `${server.address.hostname}:${server.address.port}` });
  cleanup.defer(() => server.stop(AbortSignal.timeout(1000)));
}

/** Only a process with all permissions may look at itself. */
function openDescriptors(): readonly { labelValues: readonly string[]; value: number }[] {
  try {
    // Looking takes one itself.
    return [{ labelValues: [], value: [...Deno.readDirSync("/proc/self/fd")].length - 1 }];
  } catch {
    return [];
  }
}
