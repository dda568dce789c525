/** What the doctor may touch: the server of the configuration, its files, and a program only for a plugin. */

import { parseYaml } from "#lib/format/yaml.ts";
import { formatAddress } from "#lib/http/address.ts";
import { denoPlatform } from "#lib/kube/deno.ts";
import { KubeConfigError, loadKubeConnection } from "#lib/kube/mod.ts";
import type { KubeConnection, KubeFlags, KubePlatform } from "#lib/kube/mod.ts";
import { silentLogger } from "#lib/log/logger.ts";
import type { PermissionNeeds } from "#lib/run/permissions.ts";
import type { DoctorOptions } from "./options.ts";

/** Needs by the configuration that these options select; without a usable one nothing will be reached. */
export async function permissionsOf({ kube }: DoctorOptions): Promise<PermissionNeeds> {
  const connection = await connectionOf(kube, denoPlatform());
  return connection === undefined ? { read: [], env: [] } : needsOf(connection);
}

/** The configuration; `undefined` when it cannot be used, which is the first thing the report tells. */
export async function connectionOf(
  flags: KubeFlags,
  platform: KubePlatform,
): Promise<KubeConnection | undefined> {
  try {
    return await loadKubeConnection(flags, { platform, parseYaml, logger: silentLogger });
  } catch (error) {
    if (error instanceof KubeConfigError) return undefined;
    throw error;
  }
}

/** Every host that is dialled, with its port. */
export function hostsOf({ server, proxyUrl }: KubeConnection): string[] {
  return [server, ...(proxyUrl === undefined ? [] : [proxyUrl])].map(hostOf);
}

/** Files of credentials; they are read again whenever they may have been renewed. */
export function credentialFilesOf(connection: KubeConnection): string[] {
  const { certificateAuthority, clientCertificate, clientKey, token } = connection;
  return [certificateAuthority, clientCertificate, clientKey, token]
    .flatMap((source) => source?.file ?? []);
}

function needsOf(connection: KubeConnection): PermissionNeeds {
  const { exec } = connection;
  return {
    net: hostsOf(connection),
    read: credentialFilesOf(connection),
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
