/**
 * Kubernetes name resolution for `@grpc/grpc-js`. The door of the library; runs on Deno, Node and Bun. Clients and
 * in-cluster registration come from `deno.ts` or `node.ts` beside it.
 *
 * @module
 */

export type * from "#lib/kube/mod.ts";
export type { LOG_LEVELS, LogLevel } from "#lib/log/logger.ts";
export type { AuthorityForm } from "./authority.ts";
export { type BalancedChannelOptions, channelOptions, roundRobin } from "./channel_options.ts";
export { type GrpcModule, register, type RegisterOptions, type ResolverClient } from "./grpc.ts";
export type { Failure, FailureCode } from "./failure.ts";
export type { LibraryOptions } from "./library_options.ts";
export {
  type DeliveryResult,
  type FollowedEngine,
  ResolverMetrics,
  type TargetMetrics,
} from "./metrics.ts";
export { metricsText } from "./process_metrics.ts";
export type {
  AddressList,
  Conditions,
  EmptyReason,
  EndpointState,
  Family,
  HostPort,
  RawConditions,
  ResolvedEndpoint,
} from "./resolution.ts";
export type {
  ServiceFacts,
  ServicePort,
  SlicePort,
  SliceSummary,
  TargetRef,
} from "./resolution.ts";
export {
  InvalidTargetError,
  parseTarget,
  type ParseTargetOptions,
  type PortMode,
  type Target,
} from "./target.ts";
export type { Snapshot } from "./resolver.ts";
export type {
  RELIST_REASONS,
  RelistReason,
  RESTART_REASONS,
  RestartReason,
  SourceCounts,
} from "./source_counts.ts";
export type { SourceKind } from "./source_feed.ts";
export type { EndpointView, Resolution } from "./view.ts";
export { resolveOnce, watchEndpoints, type WatchEndpointsOptions } from "./watch_endpoints.ts";
