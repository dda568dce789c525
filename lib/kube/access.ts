/** Questions about rights, and the answers. */

/** One rule to review, as in RBAC. */
export interface AccessRule {
  /** API groups; the core group is empty. */
  readonly apiGroups: readonly string[];
  /** May name a subresource: `pods/log`. */
  readonly resources: readonly string[];
  /** Verbs, `*` for all. */
  readonly verbs: readonly string[];
  /** Object names; all when absent. */
  readonly resourceNames?: readonly string[] | undefined;
  /** Namespace to ask about; undefined = all namespaces or cluster-scoped. */
  readonly namespace?: string | undefined;
}

/** The server's answer for one verb on one resource. */
export interface AccessReview {
  /** Verb asked about. */
  readonly verb: string;
  /** API group asked about. */
  readonly group: string;
  /** Resource asked about, with its subresource. */
  readonly resource: string;
  /** Object name asked about. */
  readonly name: string | undefined;
  /** Namespace asked about; undefined for the whole cluster. */
  readonly namespace: string | undefined;
  /** What the server answered. */
  readonly allowed: boolean;
  /** The server's explanation, often empty. */
  readonly reason: string;
}
