/** What serve-config keeps of the runtime's permissions for given options. */

import { strictKubeNeeds } from "#lib/cli/strict_kube.ts";
import { absolutePath, grantPaths } from "#lib/fs/grant_paths.ts";
import { bindAddresses, formatAddress, hostAndPort } from "#lib/http/address.ts";
import type { PermissionNeeds } from "#lib/run/permissions.ts";
import type { ServeConfigOptions } from "./options.ts";

const NOTHING = { net: [], read: [], env: [], run: [] };

/** Kinds that are kept, with what they are for. */
export async function permissionsOf(options: ServeConfigOptions): Promise<PermissionNeeds> {
  const { listen, health, metrics, backend, kube } = options;
  const server = asksServer(options)
    ? await import("#lib/kube/deno_permissions.ts").then((lib) => lib.kubeNeeds(kube.flags))
    : NOTHING;
  return {
    net: [
      ...[listen, health, metrics].map(({ hostname, port }) =>
        formatAddress({ hostname: hostname ?? "", port })
      ),
      ...(backend.kind === "http" ? [backend.base.host] : []),
      ...server.net,
    ],
    ...(backend.kind === "dir" && { read: [backend.directory] }),
    ...(backend.kind === "kube" && { read: server.read }),
    env: [],
    ...(server.run.length > 0 && { run: server.run }),
  };
}

/**
 * Exact permissions for `--sandbox=strict`.
 *
 * @throws {UsageError} when credentials come from a program, which the sandbox would have to let run
 */
export async function strictPermissionsOf(options: ServeConfigOptions): Promise<PermissionNeeds> {
  const { listen, health, metrics, backend, kube } = options;
  const server = asksServer(options)
    ? strictKubeNeeds(
      await import("#lib/kube/deno_permissions.ts").then((lib) => lib.exactKubeNeeds(kube.flags)),
    )
    : NOTHING;
  return {
    net: [
      ...[listen, health, metrics].flatMap(bindAddresses),
      // A redirect to another host is refused by the runtime.
      ...(backend.kind === "http" ? [hostAndPort(backend.base)] : []),
      ...server.net,
    ],
    read: [
      ...(backend.kind === "dir" ? await grantPaths(backend.directory) : []),
      ...server.read.map(absolutePath),
    ],
    ...(server.env.length > 0 && { env: server.env }),
  };
}

/** Printing rights asks nobody. */
function asksServer({ backend, rbac }: ServeConfigOptions): boolean {
  return backend.kind === "kube" && rbac === undefined;
}
