/** What the doctor asks the API server for; every authenticated user of a default cluster may do that. */

import type { ScopeDeclaration } from "#lib/kube/mod.ts";

/** The declaration. */
export const scope: ScopeDeclaration = {
  rbac: [
    {
      apiGroups: ["authentication.k8s.io"],
      resources: ["selfsubjectreviews"],
      verbs: ["create"],
      scope: "cluster",
      optional: true,
      when: "identity",
      why: "ask who the server takes us for; allowed to everyone by default",
    },
  ],
  nonResourceURLs: ["/version"],
};
