/** Asks the server which declared permissions the current user has. */

/** One rule to review, as in RBAC. */
export interface AccessRule {
  readonly apiGroups: readonly string[];
  /** May name a subresource: `pods/log`. */
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[] | undefined;
  /** Namespace to ask about; undefined = all namespaces or cluster-scoped. */
  readonly namespace?: string | undefined;
}

/** The server's answer for one verb on one resource. */
export interface AccessReview {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  readonly allowed: boolean;
  /** The server's explanation, often empty. */
  readonly reason: string;
}
