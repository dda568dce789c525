/** The way of a command to the API server on Deno: settings of the command line to connection and client. */

import { type Logger, silentLogger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import { userAgent } from "#lib/run/version.ts";
import { denoPlatform } from "./deno.ts";
import {
  createKubeClient,
  createScope,
  type KubeClient,
  KubeConfigError,
  type KubeConnection,
  type KubeFlags,
  type KubeMetrics,
  loadKubeConnection,
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

/** Loads the configuration. @throws {KubeConfigError} when there is no usable one */
async function loadConnection(
  { flags }: Pick<KubeSettings, "flags">,
  log: Logger = silentLogger,
): Promise<KubeConnection> {
  return await loadKubeConnection(flags, {
    platform: denoPlatform(),
    // In a cluster there is no file to read, and no reason to hold a parser.
    parseYaml: async (text) => (await import("#lib/format/yaml.ts")).parseYaml(text),
    logger: log,
  });
}

/** Makes the client. @throws {KubeConfigError} when there is no usable configuration */
export async function openClient(
  settings: KubeSettings,
  { command, scope, clock, log, metrics, connection }: DenoClientDeps,
): Promise<KubeClient> {
  return createKubeClient({
    config: connection ?? await loadConnection(settings, log),
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

/** The namespace of flags or configuration; `default` where there is no cluster. */
export async function configuredNamespace(settings: KubeSettings): Promise<string> {
  if (settings.flags.namespace !== undefined) return settings.flags.namespace;
  return (await configuredConnection(settings))?.namespace ?? "default";
}

/** The connection of flags and configuration; `undefined` where there is none, which `openClient` then tells. */
export async function configuredConnection(
  settings: KubeSettings,
  log?: Logger,
): Promise<KubeConnection | undefined> {
  try {
    return await loadConnection(settings, log);
  } catch (err) {
    // Rights can be printed where there is no cluster.
    if (err instanceof KubeConfigError) return undefined;
    throw err;
  }
}
