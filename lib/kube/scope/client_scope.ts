/** Fence (a): refuses every request that the declaration does not cover, before any byte is sent. */

import { describeRule, ScopeError } from "../errors.ts";
import type { ScopeDeclaration, ScopeRule } from "./declaration.ts";
import type { Verb } from "../types.ts";

/** What a request would do. */
export interface ScopedRequest {
  /** Verb as RBAC names it. */
  readonly verb: Verb;
  /** API group; the core group is empty. */
  readonly group: string;
  /** With its subresource: `pods/log`. */
  readonly resource: string;
  /** Namespace of the request; undefined for all or none. */
  readonly namespace?: string | undefined;
  /** Object name; undefined for collections. */
  readonly name?: string | undefined;
  /** Name fixed by a `metadata.name` field selector (list, watch). */
  readonly selectedName?: string | undefined;
}

/** Decides what a client may ask for. */
export interface KubeScope {
  /** Passes what an active rule allows. @throws {ScopeError} naming the rule that would be needed */
  checkResource(request: ScopedRequest): void;
  /** Passes declared paths outside resources. @throws {ScopeError} otherwise */
  checkPath(path: string): void;
}

/** Options of `createScope`. */
export interface ScopeOptions {
  /** Flags and settings that activate `when` rules. */
  readonly active?: ReadonlySet<string> | undefined;
  /** Limits `namespaced` rules to these namespaces; unset = any namespace and all of them. */
  readonly namespaces?: readonly string[] | undefined;
}

/** The scope of a declaration. */
export function createScope(declaration: ScopeDeclaration, options: ScopeOptions = {}): KubeScope {
  const active = options.active ?? new Set<string>();
  const rules = declaration.rbac.filter((rule) =>
    rule.optional === true || rule.when === undefined || active.has(rule.when)
  );
  const paths = declaration.nonResourceURLs ?? [];
  return {
    checkResource(request) {
      if (isAccessReview(request)) return;
      if (rules.some((rule) => covers(rule, request, options.namespaces))) return;
      const { verb, group, resource, namespace, name } = request;
      const where = namespace === undefined ? "" : ` in namespace "${namespace}"`;
      const what = name === undefined ? resource : `${resource}/${name}`;
      throw new ScopeError(
        `Cannot ${verb} ${what}${where}: outside the declared scope, needs ${
          describeRule(group, resource, verb)
        }`,
      );
    },
    checkPath(path) {
      if (paths.some((allowed) => matchesPath(allowed, path))) return;
      throw new ScopeError(
        `Cannot request "${path}": outside the declared scope, needs nonResourceURL "${path}"`,
      );
    },
  };
}

/** Allows everything; for tests. */
export function unrestricted(): KubeScope {
  return { checkResource() {}, checkPath() {} };
}

function isAccessReview({ verb, group, resource }: ScopedRequest): boolean {
  return verb === "create" && group === "authorization.k8s.io" &&
    resource === "selfsubjectaccessreviews";
}

function covers(
  rule: ScopeRule,
  request: ScopedRequest,
  namespaces: readonly string[] | undefined,
): boolean {
  if (!includes(rule.apiGroups, request.group)) return false;
  if (!includes(rule.resources, request.resource)) return false;
  if (!includes(rule.verbs, request.verb)) return false;
  if (rule.scope === "namespaced" && namespaces !== undefined) {
    if (request.namespace === undefined || !namespaces.includes(request.namespace)) return false;
  }
  const names = rule.resourceNames ?? [];
  if (names.length === 0) return true;
  const name = request.name ?? request.selectedName;
  return name !== undefined && names.includes(name);
}

function includes(values: readonly string[], value: string): boolean {
  return values.includes(value) || values.includes("*");
}

function matchesPath(allowed: string, path: string): boolean {
  return allowed.endsWith("*") ? path.startsWith(allowed.slice(0, -1)) : allowed === path;
}
