/** The declaration from which a command's three fences are made: client scope, Deno permissions, RBAC. */

import type { AccessRule } from "../access.ts";
import type { Verb } from "../types.ts";

/** One RBAC rule of a declaration. */
export interface ScopeRule {
  /** API groups; the core group is empty. */
  readonly apiGroups: readonly string[];
  /** May name subresources: `pods/log`. `*` means all. */
  readonly resources: readonly string[];
  /** Verbs as RBAC names them. */
  readonly verbs: readonly (Verb | "*")[];
  /** Object names; all when absent. */
  readonly resourceNames?: readonly string[] | undefined;
  /** Whether a Role suffices or a ClusterRole is needed. */
  readonly scope: "namespaced" | "cluster";
  /** Name of the flag or setting that activates the rule; always active when unset. */
  readonly when?: string | undefined;
  /**
   * The request is within scope whatever `when` says and its 403 is tolerated; `when` then only decides
   * whether the rule is printed and reviewed.
   */
  readonly optional?: boolean | undefined;
  /** Short text printed above the rule. */
  readonly why: string;
}

/** Symbolic permissions of the isolate; resolved by the launcher. */
export interface DenoPermissions {
  /** Hosts: `@apiserver`, `@proxy`, `@listen`, `@flag:<name>`. */
  readonly net?: readonly string[] | undefined;
  /** Files to read: `@kubeconfig`, `@credentials`, `@serviceaccount`, `@flag:<name>` or absolute paths. */
  readonly read?: readonly string[] | undefined;
  /** Files to write, in the same terms. */
  readonly write?: readonly string[] | undefined;
  /** Names of environment variables. */
  readonly env?: readonly string[] | undefined;
  /** Programs: `@exec-plugin` only. */
  readonly run?: readonly string[] | undefined;
  /** Kinds of system information. */
  readonly sys?: readonly string[] | undefined;
  /** Native libraries. */
  readonly ffi?: boolean | undefined;
}

/** All that a command may ask for. */
export interface ScopeDeclaration {
  /** Requests to the API server. */
  readonly rbac: readonly ScopeRule[];
  /** Paths outside resources, such as `/version`; a trailing `*` matches any rest. */
  readonly nonResourceURLs?: readonly string[] | undefined;
  /** Permissions of the process. */
  readonly deno?: DenoPermissions | undefined;
}

/** Rules whose `when` is unset or among `active`. */
export function activeRules(
  declaration: ScopeDeclaration,
  active: ReadonlySet<string>,
): ScopeRule[] {
  return declaration.rbac.filter((rule) => rule.when === undefined || active.has(rule.when));
}

/** The questions for the server that `rules` amount to: namespaced rules once per namespace. */
export function toAccessRules(
  rules: readonly ScopeRule[],
  namespaces: readonly (string | undefined)[],
): AccessRule[] {
  return rules.flatMap(({ apiGroups, resources, verbs, resourceNames, scope }) =>
    (scope === "cluster" ? [undefined] : namespaces).map((namespace) => ({
      apiGroups,
      resources,
      verbs,
      resourceNames,
      namespace,
    }))
  );
}
