/** Kubernetes clients for the resolver, made from a runtime's files and environment. */

import { createKubeClient } from "#lib/kube/client.ts";
import { loadKubeConnection } from "#lib/kube/config/load.ts";
import type { KubeClient } from "#lib/kube/contract.ts";
import { resolveScope } from "#lib/kube/declarations/resolve.ts";
import { KubeConfigError } from "#lib/kube/errors.ts";
import type { KubePlatform } from "#lib/kube/platform.ts";
import { createScope } from "#lib/kube/scope/client_scope.ts";
import { type Logger, silentLogger } from "#lib/log/logger.ts";

/** Which configuration. */
export interface ClientOptions {
  readonly logger?: Logger | undefined;
}

/** Which kubeconfig. */
export interface KubeconfigOptions extends ClientOptions {
  /** Exactly this file; `KUBECONFIG` or the home directory's by default. */
  readonly path?: string | undefined;
  readonly context?: string | undefined;
}

const USER_AGENT = "kcfg-grpc-resolver";
const SERVICE_ENV = ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"] as const;

/**
 * The client of the pod's service account.
 *
 * @throws {KubeConfigError} outside a cluster
 */
export async function inClusterClient(
  platform: KubePlatform,
  options: ClientOptions = {},
): Promise<KubeClient> {
  if (SERVICE_ENV.some((name) => !platform.env(name))) {
    throw new KubeConfigError(
      `Not in a cluster: ${SERVICE_ENV.join(" and ")} must be defined`,
    );
  }
  return await clientFor({ inCluster: true }, platform, options);
}

/** A client without credentials, for `kubectl proxy` and tests. */
export async function insecureClient(
  url: string,
  platform: KubePlatform,
  options: ClientOptions = {},
): Promise<KubeClient> {
  return await clientFor({ server: url, kubeconfig: "/dev/null" }, platform, options);
}

/** The client of a kubeconfig. @throws {KubeConfigError} when there is no usable one */
export async function kubeconfigClient(
  { path, context, ...options }: KubeconfigOptions,
  platform: KubePlatform,
): Promise<KubeClient> {
  return await clientFor({ kubeconfig: path, context }, platform, options);
}

async function clientFor(
  flags: Parameters<typeof loadKubeConnection>[0],
  platform: KubePlatform,
  { logger = silentLogger }: ClientOptions,
): Promise<KubeClient> {
  const config = await loadKubeConnection(flags, {
    ...{ platform, logger },
    parseYaml: async (text) => (await import("#lib/format/yaml.ts")).parseYaml(text),
  });
  const scope = createScope(resolveScope({ source: "auto", service: "try" }));
  return createKubeClient({ config, platform, scope, logger, userAgent: USER_AGENT });
}
