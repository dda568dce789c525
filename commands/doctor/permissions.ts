/** What the doctor may touch: the server of the configuration, its files, and a program only for a plugin. */

import { parseYaml } from "#lib/format/yaml.ts";
import { formatAddress } from "#lib/http/address.ts";
import { denoPlatform } from "#lib/kube/deno.ts";
import { KubeConfigError, loadKubeConnection } from "#lib/kube/mod.ts";
import type { KubeConnection } from "#lib/kube/mod.ts";
import { silentLogger } from "#lib/log/logger.ts";
import type { PermissionNeeds } from "#lib/run/permissions.ts";
import type { DoctorOptions } from "./options.ts";

/** Needs by the configuration that these options select; without a usable one nothing will be reached. */
export async function permissionsOf({ kube }: DoctorOptions): Promise<PermissionNeeds> {
  const deps = { platform: denoPlatform(), parseYaml, logger: silentLogger };
  try {
    return needsOf(await loadKubeConnection(kube, deps));
  } catch (error) {
    // What is wrong with the configuration is the first thing the report tells.
    if (error instanceof KubeConfigError) return { read: [], env: [] };
    throw error;
  }
}

function needsOf(connection: KubeConnection): PermissionNeeds {
  const { server, proxyUrl, exec } = connection;
  const files = [
    connection.certificateAuthority,
    connection.clientCertificate,
    connection.clientKey,
    connection.token,
  ];
  return {
    net: [server, ...(proxyUrl === undefined ? [] : [proxyUrl])].map(hostOf),
    read: files.flatMap((source) => source?.file ?? []),
    env: [],
    ...(exec !== undefined && { run: [exec.command] }),
  };
}

function hostOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  const fallback = protocol === "https:" ? 443 : protocol.startsWith("socks") ? 1080 : 80;
  return formatAddress({
    hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? fallback : Number(port),
  });
}
