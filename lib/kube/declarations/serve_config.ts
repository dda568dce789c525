/** What `kcfg serve-config` asks the API server for; data alone, for the command and for the doctor. */

import type { ScopeDeclaration, ScopeRule } from "../scope/declaration.ts";

/** Which kinds the `kube:` backend serves. */
export interface ServeConfigObjects {
  readonly configMaps: boolean;
  readonly secrets: boolean;
}

const follow = { apiGroups: [""], verbs: ["list", "watch"], scope: "namespaced" } as const;

/** The declaration for the kinds served. */
export function serveConfigScope({ configMaps, secrets }: ServeConfigObjects): ScopeDeclaration {
  const rbac: ScopeRule[] = [];
  if (configMaps) rbac.push({ ...follow, resources: ["configmaps"], why: "serve ConfigMaps" });
  if (secrets) rbac.push({ ...follow, resources: ["secrets"], why: "serve Secrets" });
  return { rbac };
}
