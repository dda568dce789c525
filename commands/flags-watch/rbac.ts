/** `--print-rbac`: the objects that grant what these options need, and nothing else. */

import { UsageError } from "#lib/cli/usage_error.ts";
import { configuredNamespace } from "#lib/kube/deno_client.ts";
import { type RbacOptions, renderRbac } from "#lib/kube/mod.ts";
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
    ? await configuredNamespace(options.kube)
    : "default";
  const namespaces = [...new Set(objects.map(({ namespace }) => namespace ?? home))];
  return renderRbac(scopeOf(options).rbac, { ...rbac, command: "flags-watch", namespaces });
}
