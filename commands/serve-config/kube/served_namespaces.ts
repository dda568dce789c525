/** Where the objects of the `kube:` backend are. */

import { configuredNamespace } from "#lib/kube/deno_client.ts";
import type { ServeConfigOptions } from "../options.ts";

/** The namespaces named, the strongest first, or the configured one. */
export async function servedNamespaces(
  { backend, kube }: ServeConfigOptions,
): Promise<readonly string[]> {
  const named = backend.kind === "kube" ? backend.namespaces : [];
  return named.length > 0 ? named : [await configuredNamespace(kube)];
}
