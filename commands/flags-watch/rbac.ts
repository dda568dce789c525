/** `--print-rbac`: the objects that grant what these options need, and nothing else. */

import { UsageError } from "#lib/cli/usage_error.ts";
import { KubeConfigError, type RbacOptions, renderRbac } from "#lib/kube/mod.ts";
import { loadConnection } from "./kube_access.ts";
import type { FlagsWatchOptions } from "./options.ts";
import { objectsOf, scopeOf } from "./scope.ts";

/**
 * The objects as YAML or JSON.
 *
 * @throws {UsageError} when nothing is read through the API
 */
export async function printRbac(
  options: FlagsWatchOptions,
  rbac: Omit<RbacOptions, "command" | "namespaces">,
): Promise<string> {
  const objects = objectsOf(options);
  if (objects.length === 0) {
    throw new UsageError("Nothing is read through the API with these options", [
      "name an object with --configmap or --secret",
    ]);
  }
  const home = objects.some(({ namespace }) => namespace === undefined)
    ? await configuredNamespace(options)
    : "default";
  const namespaces = [...new Set(objects.map(({ namespace }) => namespace ?? home))];
  return renderRbac(scopeOf(options).rbac, { ...rbac, command: "flags-watch", namespaces });
}

async function configuredNamespace({ kube }: FlagsWatchOptions): Promise<string> {
  if (kube.flags.namespace !== undefined) return kube.flags.namespace;
  try {
    return (await loadConnection(kube)).namespace ?? "default";
  } catch (err) {
    // Rights can be printed where there is no cluster.
    if (err instanceof KubeConfigError) return "default";
    throw err;
  }
}
