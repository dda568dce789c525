/** Kubernetes clients for the resolver, made from a runtime's files and environment. */

import { createKubeClient } from "#lib/kube/client.ts";
import type { KubeConnection } from "#lib/kube/config/connection.ts";
import { loadKubeConnection } from "#lib/kube/config/load.ts";
import type { KubeClient } from "#lib/kube/contract.ts";
import { resolveScope } from "#lib/kube/declarations/resolve.ts";
import { KubeConfigError } from "#lib/kube/errors.ts";
import type { KubePlatform } from "#lib/kube/platform.ts";
import { createScope } from "#lib/kube/scope/client_scope.ts";
import { type Logger, silentLogger } from "#lib/log/logger.ts";

/** Which configuration. */
export interface ClientOptions {
  /** Told about certificates, tokens and proxies; nobody is by default. */
  readonly logger?: Logger | undefined;
}

/** Which kubeconfig. */
export interface KubeconfigOptions extends ClientOptions {
  /** Exactly this file; `KUBECONFIG` or the home directory's by default. */
  readonly path?: string | undefined;
  /** A context of it; its current one by default. */
  readonly context?: string | undefined;
  /**
   * Gives the bearer token of each request in place of the user's credentials; `refresh` is true when the last one
   * was answered with 401. Keeping a token for as long as it is valid is up to the function.
   */
  readonly fetchToken?: ((refresh: boolean) => Promise<string>) | undefined;
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
  { logger = silentLogger, fetchToken }: Pick<KubeconfigOptions, "logger" | "fetchToken">,
): Promise<KubeClient> {
  const found = await loadKubeConnection(flags, {
    ...{ platform, logger },
    parseYaml: async (text) => (await import("#lib/format/yaml.ts")).parseYaml(text),
  });
  const config = fetchToken === undefined ? found : withoutCredentials(found, fetchToken);
  const scope = createScope(resolveScope({ source: "auto", service: "try" }));
  return createKubeClient({ config, platform, scope, logger, userAgent: USER_AGENT });
}

/** The same server with credentials of the caller's alone. */
function withoutCredentials(
  { server, namespace, certificateAuthority, serverName, insecure, proxyUrl, ...rest }:
    KubeConnection,
  fetchToken: (refresh: boolean) => Promise<string>,
): KubeConnection {
  const { disableCompression, origin } = rest;
  return {
    ...{ server, namespace, certificateAuthority, serverName, insecure, proxyUrl },
    ...{ disableCompression, origin, fetchToken },
  };
}
