/** The way of a command to the API server on Deno: settings of the command line to connection and client. */

import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import { userAgent } from "#lib/run/version.ts";
import { denoPlatform } from "./deno.ts";
import { configuredConnection, loadConnection } from "./deno_connection.ts";
import {
  createKubeClient,
  createScope,
  type KubeClient,
  type KubeConnection,
  type KubeFlags,
  type KubeMetrics,
  type ScopeDeclaration,
} from "./mod.ts";

/** How to reach the API server, as `toKubeSettings` of `lib/cli/kube_flags.ts` makes it. */
export interface KubeSettings {
  readonly flags: KubeFlags;
  /** Milliseconds for a request that is no stream, 0 for no limit. */
  readonly requestTimeoutMs: number;
  /** Requests a second, negative for no limit. */
  readonly qps: number;
  readonly burst: number;
  /** `kcfg-COMMAND/VERSION` when absent. */
  readonly userAgent: string | undefined;
  readonly hideApiWarnings: boolean;
  readonly traceBodies: boolean;
}

/** What a client needs besides settings. */
export interface DenoClientDeps {
  /** Name of the command, for `User-Agent`. */
  readonly command: string;
  /** What the client may ask for; everything else is refused before the network. */
  readonly scope: ScopeDeclaration;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: KubeMetrics | undefined;
  /** What `configuredConnection` has found already. */
  readonly connection?: KubeConnection | undefined;
}

/** Makes the client. @throws {KubeConfigError} when there is no usable configuration */
export async function openClient(
  settings: KubeSettings,
  { command, scope, clock, log, metrics, connection }: DenoClientDeps,
): Promise<KubeClient> {
  return createKubeClient({
    config: connection ?? await loadConnection(settings.flags, { logger: log }),
    platform: denoPlatform(),
    scope: createScope(scope),
    clock,
    logger: log,
    metrics,
    requestTimeoutMs: settings.requestTimeoutMs,
    qps: settings.qps,
    burst: settings.burst,
    userAgent: settings.userAgent ?? userAgent(command),
    hideApiWarnings: settings.hideApiWarnings,
    traceBodies: settings.traceBodies,
  });
}

/** The namespace of flags or configuration; `default` where there is no cluster, so that rights can be printed. */
export async function configuredNamespace({ flags }: KubeSettings): Promise<string> {
  if (flags.namespace !== undefined) return flags.namespace;
  return (await configuredConnection(flags))?.namespace ?? "default";
}
