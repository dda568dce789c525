/** What `kcfg resolve` asks the API server for; data alone, for the command and for the doctor. */

import type { ScopeDeclaration, ScopeRule } from "../scope/declaration.ts";

/** Which source is followed, and whether the Service itself is needed. */
export interface ResolveNeeds {
  readonly source: "auto" | "endpointslices" | "endpoints";
  /** `print` is a rule to be granted; `try` is asked for and its refusal tolerated. */
  readonly service: "print" | "try";
}

/** The declaration; rules that are only tried have a `when` that nothing activates. */
export function resolveScope({ source, service }: ResolveNeeds): ScopeDeclaration {
  const rbac: ScopeRule[] = [];
  if (source !== "endpoints") {
    rbac.push({
      apiGroups: ["discovery.k8s.io"],
      resources: ["endpointslices"],
      verbs: ["list", "watch"],
      scope: "namespaced",
      why: "follow the endpoints of the service",
    });
  }
  if (source !== "endpointslices") {
    rbac.push({
      apiGroups: [""],
      resources: ["endpoints"],
      verbs: ["get", "watch"],
      scope: "namespaced",
      ...(source === "auto" ? { when: "endpoints", optional: true } : {}),
      why: "follow the endpoints of the service where it has no slices",
    });
  }
  rbac.push({
    apiGroups: [""],
    resources: ["services"],
    verbs: ["get"],
    scope: "namespaced",
    ...(service === "try" ? { when: "services", optional: true } : {}),
    why: "read ports, families and existence of the service",
  });
  return { rbac };
}

/** The declaration of the default options, for the doctor. */
export const RESOLVE_SCOPE: ScopeDeclaration = resolveScope({ source: "auto", service: "try" });
