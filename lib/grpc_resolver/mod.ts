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
export { ResolverMetrics } from "./metrics.ts";
export type { ResolvedEndpoint } from "./resolution.ts";
export type { EngineOptions, Snapshot } from "./resolver.ts";
export { InvalidTargetError, parseTarget, type PortMode, type Target } from "./target.ts";
export { resolveOnce, watchEndpoints, type WatchEndpointsOptions } from "./watch_endpoints.ts";
