/** The public door of the Kubernetes client. */

export { createKubeClient } from "./client.ts";
export { loadKubeConnection } from "./config/load.ts";
export type { LoadDeps } from "./config/load.ts";
export type { KubeFlags } from "./config/flags.ts";
export type * from "./config/connection.ts";
export type * from "./contract.ts";
export type * from "./types.ts";
export * from "./errors.ts";
export { exitCodeOf } from "./exit_code.ts";
export type { AccessReview, AccessRule } from "./access.ts";
export type { ApiCatalog } from "./discovery.ts";
export type { ApiResource } from "./api_resources.ts";
export { createScope, unrestricted } from "./scope/client_scope.ts";
export type { KubeScope, ScopedRequest, ScopeOptions } from "./scope/client_scope.ts";
export { activeRules, toAccessRules } from "./scope/declaration.ts";
export type { DenoPermissions, ScopeDeclaration, ScopeRule } from "./scope/declaration.ts";
export { renderRbac } from "./scope/rbac.ts";
export type { RbacOptions } from "./scope/rbac.ts";
export type { KubeMetrics } from "./metrics.ts";
export type { KubePlatform, ProcessOptions, ProcessResult } from "./platform.ts";
export type { LabelSelector } from "./selectors.ts";
export { retryOnConflict } from "./retry.ts";
export type { ConflictOptions } from "./retry.ts";
export type * from "./transport/contract.ts";
export { createTransport } from "./transport/transport.ts";
export type { Clock, Timer } from "#lib/run/clock.ts";
export type { LogFields, Logger } from "#lib/log/logger.ts";
