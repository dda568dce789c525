/** The public door of the Kubernetes client. */

export { createKubeClient } from "./client.ts";
export { loadKubeConnection } from "./config/load.ts";
export type { LoadDeps } from "./config/load.ts";
export type { KubeFlags } from "./config/flags.ts";
export type { KubeConnection } from "./config/connection.ts";
export type * from "./contract.ts";
export type * from "./types.ts";
export * from "./errors.ts";
export { createScope, unrestricted } from "./scope/client_scope.ts";
export type { KubeScope } from "./scope/client_scope.ts";
export type { ScopeDeclaration, ScopeRule } from "./scope/declaration.ts";
export type { KubeMetrics } from "./metrics.ts";
export type { KubePlatform } from "./platform.ts";
export type { LabelSelector } from "./selectors.ts";
export { retryOnConflict } from "./retry.ts";
export type { Transport, TransportOptions } from "./transport/contract.ts";
export { createTransport } from "./transport/transport.ts";
