/** What `kcfg reload` asks the API server for; data alone, for the command and for the doctor. */

import type { ScopeDeclaration, ScopeRule } from "../scope/declaration.ts";

/** Objects that the options select. */
export interface ReloadObjects {
  /** Names of ConfigMaps and Secrets that are followed. */
  readonly configMaps: readonly string[];
  readonly secrets: readonly string[];
  /** Kinds that a selector follows, and whether in all namespaces. */
  readonly selected: readonly ("configmaps" | "secrets")[];
  readonly allNamespaces: boolean;
  /** Whether Kubernetes Events are written. */
  readonly events: boolean;
}

/** The declaration for these objects. GET is for where watching is denied. */
export function reloadScope(
  { configMaps, secrets, selected, allNamespaces, events }: ReloadObjects,
): ScopeDeclaration {
  const core = { apiGroups: [""], verbs: ["get", "list", "watch"] } as const;
  const named = (resource: string, names: readonly string[]): ScopeRule[] =>
    names.length === 0 ? [] : [{
      ...core,
      scope: "namespaced",
      resources: [resource],
      resourceNames: names,
      why: `follow the ${resource} named`,
    }];
  return {
    rbac: [
      ...named("configmaps", configMaps),
      ...named("secrets", secrets),
      ...selected.map((resource): ScopeRule => ({
        ...core,
        scope: allNamespaces ? "cluster" : "namespaced",
        resources: [resource],
        why: "follow what --selector names",
      })),
      ...(events
        ? [
          {
            apiGroups: [""],
            verbs: ["create", "patch"],
            scope: "namespaced",
            resources: ["events"],
            why: "write Events on the pod",
          } satisfies ScopeRule,
        ]
        : []),
    ],
  };
}

/** The declaration without names, for the doctor. */
export const RELOAD_SCOPE: ScopeDeclaration = {
  rbac: [{
    apiGroups: [""],
    resources: ["configmaps"],
    verbs: ["list", "watch"],
    scope: "namespaced",
    why: "follow the ConfigMaps of --configmap",
  }],
};
