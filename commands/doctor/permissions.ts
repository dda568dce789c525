/** What the doctor may touch: the server of the configuration, its files, and a program only for a plugin. */

import { strictKubeNeeds } from "#lib/cli/strict_kube.ts";
import { absolutePath } from "#lib/fs/grant_paths.ts";
import { denoPlatform } from "#lib/kube/deno.ts";
import { exactKubeNeeds, kubeNeeds } from "#lib/kube/deno_permissions.ts";
import type { KubePlatform } from "#lib/kube/mod.ts";
import type { PermissionNeeds } from "#lib/run/permissions.ts";
import type { DoctorOptions } from "./options.ts";

/** Needs by the configuration that these options select; without a usable one nothing will be reached. */
export async function permissionsOf({ kube, rbac }: DoctorOptions): Promise<PermissionNeeds> {
  const { net, read, run } = await kubeNeeds(kube);
  // The namespace is that of the configuration; nobody is asked.
  if (rbac !== undefined) return { read, env: [] };
  return {
    ...(net.length > 0 && { net }),
    read,
    env: [],
    ...(run.length > 0 && { run }),
  };
}

/**
 * Exact permissions for `--sandbox=strict`.
 *
 * @throws {UsageError} when credentials come from a program, which the sandbox would have to let run
 */
export async function strictPermissionsOf(
  { kube, rbac }: Pick<DoctorOptions, "kube"> & Partial<Pick<DoctorOptions, "rbac">>,
  platform: KubePlatform = denoPlatform(),
): Promise<PermissionNeeds> {
  if (rbac !== undefined) {
    const { read, env } = await exactKubeNeeds(kube, platform);
    return { read: read.map(absolutePath), env };
  }
  const needs = strictKubeNeeds(await exactKubeNeeds(kube, platform));
  return { ...needs, read: needs.read.map(absolutePath) };
}
