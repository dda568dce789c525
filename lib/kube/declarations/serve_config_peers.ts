/**
 * What the ring of `kcfg serve-config` asks the API server for. Here rather than in the command, because the doctor
 * and the manifests use it too; data alone, nothing here knows a command.
 */

import type { ScopeDeclaration } from "../scope/declaration.ts";

/** Peer discovery: the own pod, and all that carry its label. */
export const SERVE_CONFIG_PEERS_SCOPE: ScopeDeclaration = {
  rbac: [{
    apiGroups: [""],
    resources: ["pods"],
    verbs: ["get", "list", "watch"],
    scope: "namespaced",
    why: "find the other replicas",
  }],
};

/** Judging tokens of clients, and which further applications a service account may read. */
export const SERVE_CONFIG_REVIEW_SCOPE: ScopeDeclaration = {
  rbac: [
    {
      apiGroups: ["authentication.k8s.io"],
      resources: ["tokenreviews"],
      verbs: ["create"],
      scope: "cluster",
      when: "tokenreview",
      optional: true,
      why: "judge the tokens of clients (--auth=tokenreview)",
    },
    {
      apiGroups: [""],
      resources: ["serviceaccounts"],
      verbs: ["get"],
      scope: "cluster",
      when: "same-name",
      optional: true,
      why: "read the annotation kcfg.dev/apps (--authz=same-name)",
    },
  ],
};
