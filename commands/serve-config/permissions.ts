/** What serve-config keeps of the runtime's permissions for given options. */

import { UsageError } from "#lib/cli/usage_error.ts";
import { strictKubeNeeds } from "#lib/cli/strict_kube.ts";
import { absolutePath, grantPaths } from "#lib/fs/grant_paths.ts";
import { bindAddresses, formatAddress, hostAndPort } from "#lib/http/address.ts";
import type { PermissionNeeds } from "#lib/run/permissions.ts";
import type { ServeConfigOptions } from "./options.ts";

const NOTHING = { net: [], read: [], env: [], run: [] };

/** Kinds that are kept, with what they are for. */
export async function permissionsOf(options: ServeConfigOptions): Promise<PermissionNeeds> {
  const { listen, health, metrics, backend, ring, bus, kube, tracing } = options;
  const server = asksServer(options)
    ? await import("#lib/kube/deno_permissions.ts").then((lib) => lib.kubeNeeds(kube.flags))
    : NOTHING;
  const files = filesOf(options);
  return {
    net: [
      ...[listen, health, metrics, ring.listen].map((
        { hostname, port },
      ) => formatAddress({ hostname: hostname ?? "", port })),
      ...(backend.kind === "http" ? [backend.base.host] : []),
      ...(ring.discovery.kind === "kubernetes" ? ["pods"] : peerHosts(options)),
      ...(bus === undefined ? [] : [formatAddress(bus.address)]),
      ...(tracing?.exporter === "http" ? [new URL(tracing.endpoint).host] : []),
      ...server.net,
    ],
    ...((files.length > 0 || asksServer(options)) && { read: [...files, ...server.read] }),
    env: [],
    ...(server.run.length > 0 && { run: server.run }),
  };
}

/**
 * Exact permissions for `--sandbox=strict`.
 *
 * @throws {UsageError} when hosts are not known before they are needed, or credentials come from a program, which the sandbox would have to let run
 */
export async function strictPermissionsOf(options: ServeConfigOptions): Promise<PermissionNeeds> {
  const { listen, health, metrics, backend, ring, bus, kube, tracing } = options;
  refuseUnknownHosts(options);
  const server = asksServer(options)
    ? strictKubeNeeds(
      await import("#lib/kube/deno_permissions.ts").then((lib) => lib.exactKubeNeeds(kube.flags)),
    )
    : NOTHING;
  return {
    net: [
      ...[listen, health, metrics, ring.listen].flatMap(bindAddresses),
      // A redirect to another host is refused by the runtime.
      ...(backend.kind === "http" ? [hostAndPort(backend.base)] : []),
      ...peerHosts(options),
      ...(bus === undefined ? [] : [formatAddress(bus.address)]),
      ...(tracing?.exporter === "http" ? [hostAndPort(new URL(tracing.endpoint))] : []),
      ...server.net,
    ],
    read: [
      ...(await Promise.all(filesOf(options).map((path) => grantPaths(path)))).flat(),
      ...server.read.map(absolutePath),
    ],
    ...(server.env.length > 0 && { env: server.env }),
  };
}

/** Whether anything is asked of the API server; printing rights asks nobody. */
export function asksServer({ backend, ring, auth, rbac }: ServeConfigOptions): boolean {
  const asks = backend.kind === "kube" || ring.discovery.kind === "kubernetes" ||
    auth.methods.includes("tokenreview");
  return asks && rbac === undefined;
}

function refuseUnknownHosts({ ring, auth, listen }: ServeConfigOptions): void {
  if (auth.tls !== undefined && auth.tls.clientCaFile === undefined && listen.port === 0) {
    throw new UsageError("Flag --sandbox: a renewed certificate needs the port a second time", [
      "give --listen-addr a port instead of 0",
    ]);
  }
  if (ring.discovery.kind === "kubernetes") {
    throw new UsageError("Flag --sandbox: the addresses of pods are not known beforehand", [
      "name them with --peers, or set --peer-discovery=none",
    ]);
  }
  if (ring.discovery.kind === "static" && ring.podIp === undefined) {
    throw new UsageError("Flag --sandbox: the own address cannot be asked for, set POD_IP");
  }
}

function peerHosts({ ring: { discovery } }: ServeConfigOptions): readonly string[] {
  return discovery.kind === "static" ? discovery.peers.map((url) => hostAndPort(new URL(url))) : [];
}

/** Files and folders that are read while it runs, credentials for the API server apart. */
function filesOf(
  { api, backend, backendOptions, ring, refresh, auth }: ServeConfigOptions,
): readonly string[] {
  const paths = [
    backend.kind === "dir" ? backend.directory : undefined,
    api === "raw" ? undefined : backendOptions.overrides,
    ring.secretFile,
    refresh.monitorSecretFile,
    auth.tokenFile,
    auth.tls?.certFile,
    auth.tls?.keyFile,
    auth.tls?.clientCaFile,
    // The file of names of a pod knows its address.
    ring.discovery.kind !== "none" && ring.podIp === undefined && ring.hostname === undefined
      ? "/etc/hostname"
      : undefined,
  ];
  return paths.filter((path) => path !== undefined);
}
