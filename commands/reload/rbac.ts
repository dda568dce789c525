/** `--print-rbac`: the objects that grant what these options need, and nothing else. */

import { UsageError } from "#lib/cli/usage_error.ts";
import { configuredNamespace } from "#lib/kube/deno_client.ts";
import { type RbacOptions, renderRbac } from "#lib/kube/mod.ts";
import type { ReloadOptions } from "./options.ts";
import { asksServer, namespacesOf, scopeOf } from "./scope.ts";

/**
 * The objects as YAML or JSON.
 *
 * @throws {UsageError} when nothing is read through the API
 */
export async function printRbac(
  options: ReloadOptions,
  rbac: Omit<RbacOptions, "command" | "namespaces">,
): Promise<string> {
  if (!asksServer(options)) {
    throw new UsageError("Nothing is read through the API with these options", [
      "a mounted volume needs no rights",
    ]);
  }
  const named = namespacesOf(options);
  const home = named.includes(undefined) || named.length === 0
    ? await configuredNamespace(options.kube)
    : "default";
  const namespaces = [...new Set(named.map((namespace) => namespace ?? home))];
  return renderRbac(scopeOf(options).rbac, {
    ...rbac,
    command: "reload",
    namespaces: namespaces.length > 0 ? namespaces : [home],
  });
}
