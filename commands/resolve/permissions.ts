/** What resolve keeps of the runtime's permissions for given options. */

import { strictKubeNeeds } from "#lib/cli/strict_kube.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import { absolutePath } from "#lib/fs/grant_paths.ts";
import { exactKubeNeeds, kubeNeeds } from "#lib/kube/deno_permissions.ts";
import type { PermissionNeeds } from "#lib/run/permissions.ts";
import type { ResolveOptions } from "./options.ts";

/** Kinds that are kept; probing needs the network of the pods too. */
export async function permissionsOf(options: ResolveOptions): Promise<PermissionNeeds> {
  const { net, read, run } = await kubeNeeds(options.kube.flags);
  return {
    net: [...net, ...(options.probe === undefined ? [] : ["every usable address"])],
    read: [...read, ...probeFiles(options)],
    env: [],
    ...(run.length > 0 && { run }),
  };
}

/**
 * Exact permissions for `--sandbox=strict`.
 *
 * @throws {UsageError} with `--probe`, whose addresses are not known before; or with a credential plugin
 */
export async function strictPermissionsOf(options: ResolveOptions): Promise<PermissionNeeds> {
  if (options.probe !== undefined) {
    throw new UsageError("Flag --sandbox: strict does not go with --probe", [
      "addresses to probe are known only after resolving; use --sandbox=default",
    ]);
  }
  const needs = strictKubeNeeds(await exactKubeNeeds(options.kube.flags));
  return { ...needs, read: needs.read.map(absolutePath) };
}

function probeFiles({ probe }: ResolveOptions): readonly string[] {
  const { tls } = probe ?? {};
  return [tls?.caFile, tls?.certFile, tls?.keyFile].filter((file) => file !== undefined);
}
