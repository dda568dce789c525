/** `--print-rbac`: the objects that grant what these options need, and nothing else. */

import { UsageError } from "#lib/cli/usage_error.ts";
import { serveConfigScope } from "#lib/kube/declarations/serve_config.ts";
import { configuredNamespace } from "#lib/kube/deno_client.ts";
import { type RbacOptions, renderRbac } from "#lib/kube/mod.ts";
import type { ServeConfigOptions } from "./options.ts";

/**
 * The objects as YAML or JSON.
 *
 * @throws {UsageError} when nothing is read through the API
 */
export async function printRbac(
  { backend, backendOptions, kube }: ServeConfigOptions,
  rbac: Omit<RbacOptions, "command" | "namespaces">,
): Promise<string> {
  if (backend.kind !== "kube") {
    throw new UsageError("Nothing is read through the API with these options", [
      "name namespaces with --backend kube:NAMESPACE,…",
    ]);
  }
  const namespaces = backend.namespaces.length > 0
    ? backend.namespaces
    : [await configuredNamespace(kube)];
  const { rbac: rules } = serveConfigScope(backendOptions);
  return renderRbac(rules, { ...rbac, command: "serve-config", namespaces });
}
