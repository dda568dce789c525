/** Finds the configuration: flags, kubeconfig files, the pod's service account, in this order. */

import type { Clock } from "#lib/run/clock.ts";
import type { Logger } from "#lib/log/logger.ts";
import { KubeConfigError, KubeConfigMissingError } from "../errors.ts";
import type { KubePlatform } from "../platform.ts";
import type { KubeConnection, TextSource } from "./connection.ts";
import { proxyFromEnvironment } from "./env_proxy.ts";
import type { KubeFlags } from "./flags.ts";
import { inClusterConnection, serviceAccountNamespace } from "./in_cluster.ts";
import { type Kubeconfig, mergeKubeconfigs, readKubeconfig } from "./kubeconfig.ts";
import { checkProxy, selectConnection } from "./select.ts";

/** What loading needs. */
export interface LoadDeps {
  /** Files and environment. */
  readonly platform: KubePlatform;
  /** YAML (and so JSON) to a value; loaded only when there is a file. */
  readonly parseYaml: (text: string) => unknown | Promise<unknown>;
  /** Told about a `KUBECONFIG` that names no existing file. */
  readonly logger: Logger;
  /** Tells whether a token in a file is still valid; the system's by default. */
  readonly clock?: Pick<Clock, "now"> | undefined;
}

/**
 * The connection to use.
 *
 * @throws {KubeConfigError} for anything invalid, and as `KubeConfigMissingError` when nothing is found
 */
export async function loadKubeConnection(
  flags: KubeFlags,
  deps: LoadDeps,
): Promise<KubeConnection> {
  const tried: string[] = [];
  const found = await findConnection(flags, deps, tried);
  if (found === undefined) {
    throw new KubeConfigMissingError(`no Kubernetes configuration found\n${tried.join("\n")}`);
  }
  await checkTlsMaterial(found, deps.platform);
  const namespace = await namespaceOf(found, flags, deps.platform);
  return hidingPassword({ ...found, ...proxyOf(found, flags, deps.platform), namespace });
}

function proxyOf(
  { proxyUrl, proxyOrigin, server }: KubeConnection,
  flags: KubeFlags,
  platform: KubePlatform,
): Pick<KubeConnection, "proxyUrl" | "proxyOrigin"> {
  if (proxyUrl !== undefined) return { proxyUrl, proxyOrigin };
  const found = flags.noEnvProxy === true ? undefined : proxyFromEnvironment(server, platform);
  if (found === undefined) return {};
  const { url, variable } = found;
  return { proxyUrl: checkProxy(url, variable), proxyOrigin: variable };
}

/** The connection, whose proxy URL no inspection and no JSON shows when it holds a user name or a password. */
function hidingPassword(connection: KubeConnection): KubeConnection {
  const { proxyUrl } = connection;
  if (proxyUrl === undefined) return connection;
  const { username, password } = new URL(proxyUrl);
  if (username === "" && password === "") return connection;
  return Object.defineProperty(connection, "proxyUrl", { get: () => proxyUrl, enumerable: false });
}

async function findConnection(
  flags: KubeFlags,
  deps: LoadDeps,
  tried: string[],
): Promise<KubeConnection | undefined> {
  if (flags.inCluster === true) {
    const inCluster = await inClusterConnection(flags, deps.platform, tried);
    if (inCluster === undefined) {
      throw new KubeConfigError(`Cannot use the in-cluster configuration: ${tried.join("; ")}`);
    }
    return inCluster;
  }
  const config = await readKubeconfigs(flags, deps, tried);
  const selected = selectConnection(config, flags, deps.clock);
  if (selected !== undefined) return selected;
  const contexts = [...config.contexts.keys()];
  if (contexts.length > 0) {
    tried.push(`kubeconfig: no current context, the contexts are ${contexts.sort().join(", ")}`);
  }
  if (flags.noInCluster === true) {
    tried.push("in-cluster: left out by the flags");
    return undefined;
  }
  return await inClusterConnection(flags, deps.platform, tried);
}

async function readKubeconfigs(
  flags: KubeFlags,
  { platform, parseYaml, logger }: LoadDeps,
  tried: string[],
): Promise<Kubeconfig> {
  const { paths, source } = kubeconfigPaths(flags, platform);
  const files: Kubeconfig[] = [];
  const errors: Error[] = [];
  for (const file of paths) {
    try {
      const text = await platform.readTextFile(file);
      if (text === undefined) {
        if (flags.kubeconfig !== undefined) {
          throw new KubeConfigError(`Cannot read the kubeconfig "${file}": no such file`);
        }
        tried.push(`${source}: no file "${file}"`);
        continue;
      }
      const config = readKubeconfig(await parseDocument(text, file, parseYaml), { file });
      files.push(config);
      if (config.contexts.size === 0 && config.clusters.size === 0) {
        tried.push(`${source}: file "${file}" has no context and no cluster`);
      }
    } catch (error) {
      errors.push(toConfigError(error, file));
    }
  }
  if (errors.length === 1 && errors[0] !== undefined) throw errors[0];
  if (errors.length > 1) {
    throw new KubeConfigError(errors.map((error) => error.message).join("\n"), { cause: errors });
  }
  if (paths.length === 0) tried.push(`${source}: no home directory`);
  if (files.length === 0 && source === "KUBECONFIG") {
    logger.warn("none of the files in KUBECONFIG exists", { paths });
  }
  return mergeKubeconfigs(files);
}

async function parseDocument(
  text: string,
  file: string,
  parseYaml: LoadDeps["parseYaml"],
): Promise<unknown> {
  try {
    return await parseYaml(text);
  } catch (error) {
    // First line only and no cause: a parser's error quotes the file, which holds secrets.
    const state = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new KubeConfigError(`Cannot read the kubeconfig "${file}": ${state}`);
  }
}

function toConfigError(error: unknown, file: string): Error {
  if (error instanceof KubeConfigError) return error;
  const state = error instanceof Error ? error.message : String(error);
  return new KubeConfigError(`Cannot read the kubeconfig "${file}": ${state}`, { cause: error });
}

function kubeconfigPaths(
  flags: KubeFlags,
  { env, os }: KubePlatform,
): { readonly paths: string[]; readonly source: string } {
  if (flags.kubeconfig !== undefined) return { paths: [flags.kubeconfig], source: "--kubeconfig" };
  const variable = env("KUBECONFIG");
  if (variable) {
    const entries = variable.split(os === "windows" ? ";" : ":").filter((entry) => entry !== "");
    return { paths: [...new Set(entries)], source: "KUBECONFIG" };
  }
  const home = os === "windows" ? env("USERPROFILE") : env("HOME");
  return { paths: home ? [`${home}/.kube/config`] : [], source: "home" };
}

// What is unreadable is better told now than at the first request.
async function checkTlsMaterial(connection: KubeConnection, platform: KubePlatform): Promise<void> {
  const { certificateAuthority, clientCertificate, clientKey } = connection;
  const sources: Record<string, TextSource | undefined> = {
    "certificate authority": certificateAuthority,
    "client certificate": clientCertificate,
    "client key": clientKey,
  };
  for (const [what, source] of Object.entries(sources)) {
    if (source === undefined) continue;
    const place = source.text === undefined ? `"${source.file}"` : "in the kubeconfig";
    const fail = (state: string, cause?: unknown) =>
      new KubeConfigError(`Cannot read the ${what} ${place}: ${state}`, { cause });
    let text = source.text;
    try {
      if (source.file !== undefined) text ??= await platform.readTextFile(source.file);
    } catch (cause) {
      throw fail(cause instanceof Error ? cause.message : String(cause), cause);
    }
    if (text === undefined) throw fail("no such file");
    // TLS would leave out what it cannot read, and the server see somebody anonymous.
    if (!text.includes("-----BEGIN ")) throw fail("no PEM block in it");
    if (source === clientKey && /\bENCRYPTED\b/.test(text)) {
      throw fail("it is encrypted, and nobody can be asked for its passphrase");
    }
  }
}

async function namespaceOf(
  connection: KubeConnection,
  flags: KubeFlags,
  platform: KubePlatform,
): Promise<string> {
  return flags.namespace ?? connection.namespace ?? await serviceAccountNamespace(platform) ??
    (platform.env("POD_NAMESPACE") || "default");
}
