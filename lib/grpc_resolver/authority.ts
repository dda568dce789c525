/** The name that gRPC sends as `:authority` and expects in certificates (resolve.md 7.3). */

import type { Target } from "./target.ts";

/** `short` is `web.prod`, `svc` `web.prod.svc`, `fqdn` `web.prod.svc.cluster.local`. */
export type AuthorityForm = "short" | "svc" | "fqdn" | ((target: Target) => string);

/** The authority of a target; never with a port. */
export function authorityOf(
  target: Target,
  { authority = "short", clusterDomain = "cluster.local" }: {
    readonly authority?: AuthorityForm | undefined;
    readonly clusterDomain?: string | undefined;
  } = {},
): string {
  if (typeof authority === "function") return authority(target);
  const name = `${target.service}.${target.namespace}`;
  if (authority === "short") return name;
  return authority === "svc" ? `${name}.svc` : `${name}.svc.${clusterDomain}`;
}
