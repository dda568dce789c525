/** `--print-rbac`: the objects that grant what these options need, and nothing else. */

import { UsageError } from "#lib/cli/usage_error.ts";
import { serveConfigScope } from "#lib/kube/declarations/serve_config.ts";
import {
  SERVE_CONFIG_PEERS_SCOPE,
  SERVE_CONFIG_REVIEW_SCOPE,
} from "#lib/kube/declarations/serve_config_peers.ts";
import { configuredNamespace } from "#lib/kube/deno_client.ts";
import { type RbacOptions, renderRbac } from "#lib/kube/mod.ts";
import type { ServeConfigOptions } from "./options.ts";

/**
 * The objects as YAML or JSON.
 *
 * @throws {UsageError} when nothing is read through the API
 */
export async function printRbac(
  { backend, backendOptions, kube, ring, auth }: ServeConfigOptions,
  rbac: Omit<RbacOptions, "command" | "namespaces">,
): Promise<string> {
  const rules = [
    ...(backend.kind === "kube" ? serveConfigScope(backendOptions).rbac : []),
    ...(ring.discovery.kind === "kubernetes" ? SERVE_CONFIG_PEERS_SCOPE.rbac : []),
    ...(auth.methods.includes("tokenreview")
      ? SERVE_CONFIG_REVIEW_SCOPE.rbac.filter(({ when }) =>
        when === "tokenreview" || when === auth.authz
      )
      : []),
  ];
  if (rules.length === 0) {
    throw new UsageError("Nothing is read through the API with these options", [
      "name namespaces with --backend kube:NAMESPACE,…, or ask for --peer-discovery=kubernetes",
    ]);
  }
  const namespaces = backend.kind === "kube" && backend.namespaces.length > 0
    ? backend.namespaces
    : [await configuredNamespace(kube)];
  return renderRbac(rules, { ...rbac, command: "serve-config", namespaces });
}
