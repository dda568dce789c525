/** What reaching the API server needs of the runtime's permissions: by kind, and exactly. */

import { denoPlatform, TRUST_VARIABLES } from "./deno.ts";
import { configuredConnection } from "./deno_connection.ts";
import type { KubeConnection, KubeFlags, KubePlatform } from "./mod.ts";

/** Permissions for one configuration; all empty without a usable one, which the run then tells. */
export interface KubeNeeds {
  /** `host:port` of the server and its proxy. */
  readonly net: readonly string[];
  /** Files, as the configuration names them. */
  readonly read: readonly string[];
  /** Variables that were looked at. */
  readonly env: readonly string[];
  /** The credential plugin, if the user has one. */
  readonly run: readonly string[];
}

/** Host and files of the configuration that the flags select, and the files in which it was found. */
export async function kubeNeeds(
  flags: KubeFlags,
  platform: KubePlatform = denoPlatform(),
): Promise<KubeNeeds> {
  const files = new Set<string>();
  const noting = {
    ...platform,
    async readTextFile(path: string) {
      const text = await platform.readTextFile(path);
      if (text !== undefined) files.add(path);
      return text;
    },
  };
  const needs = needsOf(await configuredConnection(flags, { platform: noting }));
  return { ...needs, read: [...new Set([...files, ...needs.read])] };
}

/**
 * The same with every file and variable that finding the configuration asks for. They are known by finding it
 * once before and taking notes.
 */
export async function exactKubeNeeds(
  flags: KubeFlags,
  platform: KubePlatform = denoPlatform(),
): Promise<KubeNeeds> {
  const files = new Set<string>();
  const variables = new Set<string>();
  const noting = {
    ...platform,
    readTextFile(path: string) {
      files.add(path);
      return platform.readTextFile(path);
    },
    env(name: string) {
      variables.add(name);
      return platform.env(name);
    },
  };
  const connection = await configuredConnection(flags, { platform: noting });
  const needs = needsOf(connection);
  // Whoever may not look at these has to take them for set.
  const env = connection === undefined ? [...variables] : [...variables, ...TRUST_VARIABLES];
  return { ...needs, read: [...new Set([...files, ...needs.read])], env };
}

function needsOf(connection: KubeConnection | undefined): KubeNeeds {
  if (connection === undefined) return { net: [], read: [], env: [], run: [] };
  const { server, proxyUrl, exec } = connection;
  const { certificateAuthority, clientCertificate, clientKey, token } = connection;
  return {
    net: [server, ...(proxyUrl === undefined ? [] : [proxyUrl])].map(hostOf),
    // Read again whenever they may have been renewed.
    read: [certificateAuthority, clientCertificate, clientKey, token]
      .flatMap((source) => source?.file ?? []),
    env: [],
    run: exec === undefined ? [] : [exec.command],
  };
}

/** Host with the port that is dialled; an IPv6 address keeps its brackets. */
function hostOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  const fallback = protocol === "https:" ? 443 : protocol.startsWith("socks") ? 1080 : 80;
  return `${hostname}:${port === "" ? fallback : port}`;
}
