/** What resolve keeps of the runtime's permissions: the server, its files, and addresses only for `--probe`. */

import { strictKubeNeeds } from "#lib/cli/strict_kube.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import { absolutePath } from "#lib/fs/grant_paths.ts";
import { exactKubeNeeds, kubeNeeds } from "#lib/kube/deno_permissions.ts";
import type { PermissionNeeds } from "#lib/run/permissions.ts";
import type { ResolveOptions } from "./options.ts";

/** By kind. */
export async function permissionsOf(options: ResolveOptions): Promise<PermissionNeeds> {
  const { net, read, run } = await kubeNeeds(options.kube.flags);
  const { probe, rbac } = options;
  if (rbac !== undefined) return { read, env: [] };
  return {
    net: probe === undefined ? net : [...net, "ADDRESSES"],
    read: [...read, ...probeFiles(options)],
    env: [],
    ...(run.length > 0 && { run }),
  };
}

/**
 * Exactly, for `--sandbox=strict`.
 *
 * @throws {UsageError} for `--probe`, whose addresses are not known before, and for a credential plugin
 */
export async function strictPermissionsOf(options: ResolveOptions): Promise<PermissionNeeds> {
  if (options.probe !== undefined) {
    throw new UsageError("Flag --probe: does not go with --sandbox=strict", [
      "the addresses to probe are not known when the sandbox is closed",
    ]);
  }
  const { net, read, env } = strictKubeNeeds(await exactKubeNeeds(options.kube.flags));
  return { net, read: read.map(absolutePath), env };
}

function probeFiles({ probe }: ResolveOptions): readonly string[] {
  const { ca, cert, key } = probe?.tls ?? {};
  return [ca, cert, key].filter((path) => path !== undefined);
}
