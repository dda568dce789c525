/** The configuration that every pod has: variables and the files of its service account. */

import { KubeConfigError } from "../errors.ts";
import type { KubePlatform } from "../platform.ts";
import type { KubeConnection } from "./connection.ts";
import type { KubeFlags } from "./flags.ts";
import { selectConnection } from "./select.ts";

const DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * The pod's connection; undefined when this is no pod, with the reason added to `tried`.
 *
 * @throws {KubeConfigError} when it is one, but its token is empty or its authority unusable
 */
export async function inClusterConnection(
  flags: KubeFlags,
  platform: KubePlatform,
  tried: string[],
): Promise<KubeConnection | undefined> {
  const host = platform.env("KUBERNETES_SERVICE_HOST");
  const port = platform.env("KUBERNETES_SERVICE_PORT");
  if (!host || !port) {
    tried.push("in-cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not both set");
    return undefined;
  }
  const tokenFile = `${DIRECTORY}/token`;
  const token = await platform.readTextFile(tokenFile);
  if (token === undefined) {
    tried.push(`in-cluster: no file "${tokenFile}"`);
    return undefined;
  }
  if (token.trim() === "") {
    throw new KubeConfigError(`Cannot use the service account: "${tokenFile}" is empty`);
  }
  const authority = `${DIRECTORY}/ca.crt`;
  const ownTrust = flags.certificateAuthority !== undefined || flags.insecureSkipTlsVerify === true;
  if (!ownTrust && (await platform.readTextFile(authority))?.includes("-----BEGIN ") !== true) {
    throw new KubeConfigError(
      `Cannot use the service account: no certificate in "${authority}"; give ` +
        "--certificate-authority, or --insecure-skip-tls-verify",
    );
  }
  const server = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const entry = (fields: Record<string, unknown>) => ({ fields, directory: "", file: DIRECTORY });
  // As if a kubeconfig said so: then flags override it by the same rules.
  const connection = selectConnection({
    currentContext: "in-cluster",
    contexts: new Map([["in-cluster", entry({ cluster: "in-cluster", user: "in-cluster" })]]),
    clusters: new Map([["in-cluster", entry({ server, "certificate-authority": authority })]]),
    users: new Map([["in-cluster", entry({ tokenFile })]]),
  }, { ...flags, context: undefined, cluster: undefined, user: undefined });
  return connection && { ...connection, origin: "in-cluster" };
}

/** Namespace of the pod's service account; undefined outside of pods. */
export async function serviceAccountNamespace(
  platform: KubePlatform,
): Promise<string | undefined> {
  try {
    return (await platform.readTextFile(`${DIRECTORY}/namespace`))?.trim() || undefined;
  } catch {
    // Not permitted to look: then it is not the answer either.
    return undefined;
  }
}
