/**
 * Kubernetes name resolution for `@grpc/grpc-js`. The door of the library; runs on Deno, Node and Bun. Clients and
 * in-cluster registration come from `deno.ts` or `node.ts` beside it.
 *
 * @module
 */

export type { Logger } from "#lib/log/logger.ts";
export type { Clock, Timer } from "#lib/run/clock.ts";
export type { AuthorityForm } from "./authority.ts";
export { type BalancedChannelOptions, channelOptions, roundRobin } from "./channel_options.ts";
export { type GrpcModule, register, type RegisterOptions, type ResolverClient } from "./grpc.ts";
export type { Failure, FailureCode } from "./failure.ts";
export type { LibraryOptions } from "./library_options.ts";
export { ResolverMetrics } from "./metrics.ts";
export { metricsText } from "./process_metrics.ts";
export type { Conditions, EndpointState, Family, RawConditions } from "./resolution.ts";
export type { ServiceFacts, SlicePort, SliceSummary, TargetRef } from "./resolution.ts";
export { InvalidTargetError, parseTarget, type PortMode, type Target } from "./target.ts";
export type { EndpointView, Resolution } from "./view.ts";
export { resolveOnce, watchEndpoints, type WatchEndpointsOptions } from "./watch_endpoints.ts";
