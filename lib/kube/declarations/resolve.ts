/** What the resolver and `kcfg resolve` ask the API server for; data alone, for the command and for the doctor. */

import type { ScopeDeclaration, ScopeRule } from "../scope/declaration.ts";

/** Which sources the options may use. */
export interface ResolveNeeds {
  readonly source: "auto" | "endpointslices" | "endpoints";
  /** Whether the Service is read, and whether it is followed. */
  readonly service: "never" | "get" | "watch";
}

/** The declaration. What is only tried is optional: a refusal is no error. */
export function resolveScope({ source, service }: ResolveNeeds): ScopeDeclaration {
  const rbac: ScopeRule[] = [];
  if (source !== "endpoints") {
    rbac.push({
      apiGroups: ["discovery.k8s.io"],
      resources: ["endpointslices"],
      verbs: ["list", "watch"],
      scope: "namespaced",
      why: "follow the endpoints of services",
    });
  }
  if (source !== "endpointslices") {
    rbac.push({
      apiGroups: [""],
      resources: ["endpoints"],
      verbs: ["get", "list", "watch"],
      scope: "namespaced",
      ...(source === "auto" && { optional: true, when: "endpoints" }),
      why: "where EndpointSlices are refused",
    });
  }
  rbac.push({
    apiGroups: [""],
    resources: ["services"],
    verbs: service === "watch" ? ["get", "watch"] : ["get"],
    scope: "namespaced",
    ...(service === "never" && { optional: true, when: "explain" }),
    why: "say whether a service exists and what its ports are",
  });
  return { rbac };
}

/** The declaration with default flags, for the doctor. */
export const RESOLVE_SCOPE: ScopeDeclaration = {
  rbac: resolveScope({ source: "endpointslices", service: "never" }).rbac.slice(0, 1),
};
