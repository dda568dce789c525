/**
 * What `kcfg flags-watch` asks the API server for. Here rather than in the command, because the doctor checks it too
 * and commands do not import each other; data alone, nothing here knows a command.
 */

import type { ScopeDeclaration } from "../scope/declaration.ts";

/** Names of the objects that options select; without any, the rules are for all objects. */
export interface FlagsWatchObjects {
  readonly configMaps: readonly string[];
  readonly secrets: readonly string[];
  /** ConfigMap that holds the schema. */
  readonly schema: string | undefined;
}

/** The declaration for these objects, with a rule only for kinds that are read. */
export function flagsWatchScope(
  { configMaps, secrets, schema }: FlagsWatchObjects,
): ScopeDeclaration {
  const core = { apiGroups: [""], scope: "namespaced" } as const;
  const follow = { ...core, verbs: ["list", "watch"] } as const;
  return {
    rbac: [
      ...(configMaps.length === 0 ? [] : [{
        ...follow,
        resources: ["configmaps"],
        resourceNames: configMaps,
        why: "follow the values of --configmap",
      }]),
      ...(secrets.length === 0 ? [] : [{
        ...follow,
        resources: ["secrets"],
        resourceNames: secrets,
        why: "follow the values of --secret",
      }]),
      ...(schema === undefined ? [] : [{
        ...core,
        verbs: ["get"] as const,
        resources: ["configmaps"],
        resourceNames: [schema],
        why: "read the schema of --schema-configmap",
      }]),
    ],
  };
}

/** The declaration without names, for the doctor: following ConfigMaps, and Secrets where that is asked for. */
export const FLAGS_WATCH_SCOPE: ScopeDeclaration = {
  rbac: [
    {
      apiGroups: [""],
      resources: ["configmaps"],
      verbs: ["list", "watch"],
      scope: "namespaced",
      why: "follow the values of --configmap",
    },
    {
      apiGroups: [""],
      resources: ["secrets"],
      verbs: ["list", "watch"],
      scope: "namespaced",
      when: "secret",
      why: "follow the values of --secret",
    },
  ],
};
