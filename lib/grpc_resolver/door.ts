/**
 * What `deno.ts` and `node.ts` offer, made from what the runtime gives. Both name each function by itself: tools that
 * read declarations know no other form of export.
 */

import type { KubeClient } from "#lib/kube/contract.ts";
import type { KubePlatform } from "#lib/kube/platform.ts";
import {
  type ClientOptions,
  inClusterClient,
  insecureClient,
  kubeconfigClient,
  type KubeconfigOptions,
} from "./clients.ts";
import { register, type RegisterOptions } from "./grpc.ts";

/** Options of an in-cluster registration. */
export type InClusterOptions = Omit<RegisterOptions, "client" | "scheme">;

/** Functions of a door. */
export interface ResolverDoor {
  /** Registers `kubernetes`; never throws outside a cluster: the error is a call's, with status 14. */
  registerInCluster(options?: InClusterOptions): Promise<void>;
  /** The same under another scheme. @throws {TypeError} for a malformed one */
  registerInClusterWithScheme(scheme: string, options?: InClusterOptions): Promise<void>;
  /** The client of the pod's service account. @throws {KubeConfigError} outside a cluster */
  newInClusterClient(options?: ClientOptions): Promise<KubeClient>;
  /** A client without credentials, for `kubectl proxy` and tests. */
  newInsecureClient(url: string, options?: ClientOptions): Promise<KubeClient>;
  /** The client of a kubeconfig. @throws {KubeConfigError} when there is no usable one */
  newClientFromKubeconfig(options?: KubeconfigOptions): Promise<KubeClient>;
}

const NAMESPACE_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/** Makes a door. */
export function createDoor(
  { platform, readTextFileNow }: {
    readonly platform: () => KubePlatform;
    /** Content of a file, read before returning; throws when it cannot be read. */
    readonly readTextFileNow: (path: string) => string;
  },
): ResolverDoor {
  const ownNamespace = () => {
    try {
      return readTextFileNow(NAMESPACE_FILE).trim();
    } catch {
      // Absent outside a cluster, or not permitted: the next source counts.
      return "";
    }
  };
  const namespace = () => ownNamespace() || platform().env("POD_NAMESPACE") || "default";
  const inCluster = (scheme: string, options: InClusterOptions = {}) =>
    register({
      namespace,
      ...options,
      scheme,
      client: () => inClusterClient(platform(), options),
    });
  return {
    registerInCluster: (options) => inCluster("kubernetes", options),
    registerInClusterWithScheme: inCluster,
    newInClusterClient: (options) => inClusterClient(platform(), options),
    newInsecureClient: (url, options) => insecureClient(url, platform(), options),
    newClientFromKubeconfig: (options = {}) => kubeconfigClient(options, platform()),
  };
}
