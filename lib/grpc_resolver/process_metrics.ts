/** The metrics of all registrations that bring none of their own: one registry a process, as kuberesolver has. */

import { ResolverMetrics } from "./metrics.ts";

let shared: ResolverMetrics | undefined;

/** The process's registry, made when it is first needed. */
export function processMetrics(): ResolverMetrics {
  return shared ??= new ResolverMetrics();
}

/** Everything that registrations without `metrics` of their own have counted, in Prometheus' text format. */
export function metricsText(): Promise<string> {
  return Promise.resolve(processMetrics().text());
}
