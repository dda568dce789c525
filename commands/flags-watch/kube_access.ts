/** The way to the API server: configuration and a client that may ask for the selected objects alone. */

import { parseYaml } from "#lib/format/yaml.ts";
import { denoPlatform } from "#lib/kube/deno.ts";
import {
  createKubeClient,
  createScope,
  type KubeClient,
  type KubeConnection,
  loadKubeConnection,
  type ScopeDeclaration,
} from "#lib/kube/mod.ts";
import { type Logger, silentLogger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import { userAgent } from "#lib/run/version.ts";
import type { KubeOptions } from "./options.ts";

/** What the way needs. */
export interface KubeAccessDeps {
  readonly clock: Clock;
  readonly log: Logger;
}

/** Loads the configuration. @throws {KubeConfigError} when there is no usable one */
export async function loadConnection(
  { flags }: Pick<KubeOptions, "flags">,
  log: Logger = silentLogger,
): Promise<KubeConnection> {
  return await loadKubeConnection(flags, {
    platform: denoPlatform(),
    parseYaml: (text) => parseYaml(text),
    logger: log,
  });
}

/** Makes the client. @throws {KubeConfigError} */
export async function openClient(
  kube: KubeOptions,
  declaration: ScopeDeclaration,
  { clock, log }: KubeAccessDeps,
): Promise<KubeClient> {
  return createKubeClient({
    config: await loadConnection(kube, log),
    platform: denoPlatform(),
    scope: createScope(declaration),
    clock,
    logger: log,
    requestTimeoutMs: kube.requestTimeoutMs,
    qps: kube.qps,
    burst: kube.burst,
    userAgent: kube.userAgent ?? userAgent("flags-watch"),
    hideApiWarnings: kube.hideApiWarnings,
    traceBodies: kube.traceBodies,
  });
}
