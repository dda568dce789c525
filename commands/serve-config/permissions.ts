/** What serve-config keeps of the runtime's permissions for given options (serve-config.md, kcfg's own rules). */

import { UsageError } from "#lib/cli/usage_error.ts";
import { grantPaths } from "#lib/fs/grant_paths.ts";
import { ALL_INTERFACES, bindAddresses, formatAddress, hostAndPort } from "#lib/http/address.ts";
import type { PermissionNeeds } from "#lib/run/permissions.ts";
import type { ServeConfigOptions } from "./options.ts";

/** Whole kinds, each with what it is for. */
export function permissionsOf(options: ServeConfigOptions): PermissionNeeds {
  const { listen, health, metrics, backend, ring, bus, tracing } = options;
  const read = readPaths(options);
  return {
    net: [
      ...[listen, health, metrics, { hostname: undefined, port: ring.port }].map((
        { hostname, port },
      ) => formatAddress({ hostname: hostname ?? "", port })),
      ...(backend.kind === "http" ? [backend.base.host] : []),
      ...peerHosts(options),
      ...(bus === undefined ? [] : [formatAddress(bus.address)]),
      ...(tracing?.exporter === "http" ? [new URL(tracing.endpoint).host] : []),
    ],
    ...(read.length > 0 && { read }),
    env: [],
  };
}

/**
 * Exact hosts and paths.
 *
 * @throws {UsageError} when hosts are not known before they are needed
 */
export async function strictPermissionsOf(options: ServeConfigOptions): Promise<PermissionNeeds> {
  const { listen, health, metrics, backend, ring, bus, auth, tracing } = options;
  if (ring.discovery.kind === "kubernetes") {
    throw new UsageError("Flag --sandbox: the addresses of pods are not known beforehand", [
      "name them with --peers, or set --peer-discovery=none",
    ]);
  }
  if (ring.discovery.kind === "static" && ring.podIp === undefined) {
    throw new UsageError("Flag --sandbox: the own address cannot be asked for, set POD_IP");
  }
  if (auth.methods.includes("tokenreview")) {
    throw new UsageError("Flag --sandbox: --auth=tokenreview cannot be had in the strict sandbox");
  }
  return {
    net: [
      ...[listen, health, metrics].flatMap(bindAddresses),
      ...ALL_INTERFACES.map((hostname) => formatAddress({ hostname, port: ring.port })),
      // A redirect to another host is refused by the runtime.
      ...(backend.kind === "http" ? [hostAndPort(backend.base)] : []),
      ...peerHosts(options),
      ...(bus === undefined ? [] : [formatAddress(bus.address)]),
      ...(tracing?.exporter === "http" ? [hostAndPort(new URL(tracing.endpoint))] : []),
    ],
    read: (await Promise.all(readPaths(options).map((path) => grantPaths(path)))).flat(),
  };
}

function peerHosts({ ring: { discovery } }: ServeConfigOptions): readonly string[] {
  if (discovery.kind === "kubernetes") return ["Kubernetes API", "pods"];
  return discovery.kind === "static" ? discovery.peers.map((url) => hostAndPort(new URL(url))) : [];
}

/** Files and folders that are read while it runs. */
function readPaths({ backend, ring, refresh, auth }: ServeConfigOptions): readonly string[] {
  const asksServer = ring.discovery.kind === "kubernetes" || auth.methods.includes("tokenreview");
  const paths = [
    backend.kind === "dir" ? backend.directory : undefined,
    ring.secretFile,
    refresh.monitorSecretFile,
    auth.tokenFile,
    auth.tls?.certFile,
    auth.tls?.keyFile,
    auth.tls?.clientCaFile,
    asksServer ? "credentials of the Kubernetes API" : undefined,
    // A pod's own file of names knows its address.
    ring.discovery.kind !== "none" && ring.podIp === undefined && ring.hostname === undefined
      ? "/etc/hostname"
      : undefined,
  ];
  return paths.filter((path) => path !== undefined);
}
