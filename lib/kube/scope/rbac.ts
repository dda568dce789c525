/** Fence (c): the RBAC objects that grant exactly what a declaration asks for, byte for byte the same. */

import type { Verb } from "../types.ts";
import type { ScopeRule } from "./declaration.ts";

/** Options of `renderRbac`. */
export interface RbacOptions {
  /** Name of the command, such as `reload`. */
  readonly command: string;
  /** At least one; the service account lives in the first. */
  readonly namespaces: readonly string[];
  /** ClusterRole and ClusterRoleBinding instead of a pair per namespace. */
  readonly clusterWide?: boolean | undefined;
  /** `kcfg-<command>` by default. */
  readonly name?: string | undefined;
  /** An existing account, `NAME` or `NAMESPACE:NAME`. */
  readonly serviceAccount?: string | undefined;
  /** Form of the output. */
  readonly format: "yaml" | "json";
}

interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
  readonly why: readonly string[];
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly rules?: readonly PolicyRule[];
  readonly rest?: Readonly<Record<string, unknown>>;
}

const VERB_ORDER: readonly (Verb | "*")[] = [
  "get",
  "list",
  "watch",
  "create",
  "update",
  "patch",
  "delete",
  "deletecollection",
  "*",
];
const RBAC = "rbac.authorization.k8s.io";

/** Prints service account, roles and bindings for the given (active) rules. */
export function renderRbac(rules: readonly ScopeRule[], options: RbacOptions): string {
  const manifests = createManifests(mergeRules(rules), rules, options);
  if (options.format === "json") {
    const items = manifests.map(({ rules, rest, ...head }) => ({
      ...head,
      ...(rules === undefined ? {} : { rules: rules.map(({ why: _, ...rule }) => rule) }),
      ...rest,
    }));
    return `${JSON.stringify({ apiVersion: "v1", kind: "List", items }, undefined, 2)}\n`;
  }
  return manifests.map(toYaml).join("---\n");
}

/** Rules with the same groups, resources and names as one, verbs in the usual order. */
function mergeRules(rules: readonly ScopeRule[]): PolicyRule[] {
  const merged = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const names = rule.resourceNames ?? [];
    const key = JSON.stringify([rule.apiGroups, rule.resources, names]);
    const known = merged.get(key);
    const verbs = new Set<string>([...known?.verbs ?? [], ...rule.verbs]);
    merged.set(key, {
      apiGroups: rule.apiGroups,
      resources: rule.resources,
      ...(names.length === 0 ? {} : { resourceNames: names }),
      verbs: VERB_ORDER.filter((verb) => verbs.has(verb)),
      why: [...new Set([...known?.why ?? [], rule.why])],
    });
  }
  return [...merged.values()];
}

function createManifests(
  merged: readonly PolicyRule[],
  rules: readonly ScopeRule[],
  options: RbacOptions,
): Manifest[] {
  const { command, namespaces, serviceAccount, clusterWide = false } = options;
  const name = options.name ?? `kcfg-${command}`;
  const labels = { "app.kubernetes.io/name": "kcfg", "app.kubernetes.io/component": command };
  const home = namespaces[0] ?? "default";
  const [accountNamespace = home, accountName = name] = splitAccount(serviceAccount, home, name);
  const subjects = [{ kind: "ServiceAccount", name: accountName, namespace: accountNamespace }];
  const manifests: Manifest[] = serviceAccount !== undefined ? [] : [{
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name, namespace: home, labels },
  }];
  const grant = (kind: "Role" | "ClusterRole", granted: readonly PolicyRule[], where?: string) => {
    if (granted.length === 0) return;
    const metadata = { name, ...(where === undefined ? {} : { namespace: where }), labels };
    const apiVersion = `${RBAC}/v1`;
    const roleRef = { apiGroup: RBAC, kind, name };
    manifests.push({ apiVersion, kind, metadata, rules: granted });
    manifests.push({ apiVersion, kind: `${kind}Binding`, metadata, rest: { roleRef, subjects } });
  };
  if (clusterWide) {
    grant("ClusterRole", merged);
    return manifests;
  }
  // A cluster-scoped resource can be granted by no Role, whatever the namespaces.
  grant("ClusterRole", mergeRules(rules.filter((rule) => rule.scope === "cluster")));
  const namespaced = mergeRules(rules.filter((rule) => rule.scope === "namespaced"));
  for (const namespace of namespaces) grant("Role", namespaced, namespace);
  return manifests;
}

function splitAccount(account: string | undefined, home: string, name: string): [string, string] {
  if (account === undefined) return [home, name];
  const colon = account.indexOf(":");
  return colon < 0 ? [home, account] : [account.slice(0, colon), account.slice(colon + 1)];
}

// A writer for these few shapes: JSON strings are YAML strings, and the layout must never change.
function toYaml({ apiVersion, kind, metadata, rules, rest = {} }: Manifest): string {
  const lines = [`apiVersion: ${apiVersion}`, `kind: ${kind}`, ...block({ metadata }, "")];
  if (rules !== undefined) lines.push("rules:");
  for (const { why, ...rule } of rules ?? []) {
    for (const text of why) lines.push(`  # ${text.replace(/\s+/g, " ")}`);
    lines.push(...listItem(rule, "  "));
  }
  return `${[...lines, ...block(rest, "")].join("\n")}\n`;
}

function block(value: Readonly<Record<string, unknown>>, indent: string): string[] {
  return Object.entries(value).flatMap(([key, member]) => {
    if (Array.isArray(member) && typeof member[0] === "object") {
      return [`${indent}${key}:`, ...member.flatMap((item) => listItem(item, `${indent}  `))];
    }
    if (Array.isArray(member)) return [`${indent}${key}: [${member.map(scalar).join(", ")}]`];
    if (typeof member !== "object" || member === null) {
      return [`${indent}${key}: ${scalar(member)}`];
    }
    return [`${indent}${key}:`, ...block(member as Record<string, unknown>, `${indent}  `)];
  });
}

function listItem(item: Readonly<Record<string, unknown>>, indent: string): string[] {
  const [first = "", ...others] = block(item, `${indent}  `);
  return [`${indent}- ${first.trimStart()}`, ...others];
}

const YAML_WORDS = /^(true|false|null|yes|no|on|off|y|n)$/i;

function scalar(value: unknown): string {
  const text = String(value);
  return /^[A-Za-z][A-Za-z0-9./-]*$/.test(text) && !YAML_WORDS.test(text)
    ? text
    : JSON.stringify(text);
}
