/**
 * The exact permissions of the strict sandbox: computed in the launcher, given to the worker's isolate, and
 * checked there against what the runtime says.
 */

import { PERMISSION_KINDS } from "./permissions.ts";
import type { KindState, PermissionHost, PermissionKind, PermissionNeeds } from "./permissions.ts";

/** Entries of every kind: absolute paths, hosts with ports, names. `[]` is nothing, never everything. */
export type Grants = { readonly [K in PermissionKind]: readonly string[] };

/** Every kind spelled out; entries named twice appear once. */
export function toGrants(needs: PermissionNeeds): Grants {
  const entries = PERMISSION_KINDS.map((kind) => [kind, [...new Set(needs[kind] ?? [])]]);
  return Object.fromEntries(entries);
}

/** The form in which a worker is given its permissions; a kind left out would be inherited. */
export function toWorkerPermissions(grants: Grants): Record<PermissionKind, string[] | false> {
  const entries = PERMISSION_KINDS.map((kind) => [
    kind,
    grants[kind].length === 0 ? false : [...grants[kind]],
  ]);
  return Object.fromEntries(entries);
}

/**
 * What this isolate may do beyond `grants`, as `KIND` or `KIND:ENTRY`; empty when the fence stands. The runtime
 * does not list its grants, so each kind is asked for as a whole and each entry for the next larger one.
 */
export function findBroader(grants: Grants, host: PermissionHost): string[] {
  return PERMISSION_KINDS.flatMap((kind) => {
    if (host.query(kind) === "granted") return [kind];
    return largerEntries(kind, grants[kind])
      .filter((entry) => host.query(kind, entry) === "granted")
      .map((entry) => `${kind}:${entry}`);
  });
}

/** The state of this isolate with the entries that are granted, asked of the runtime itself. */
export function describeGrants(
  grants: Grants,
  host: PermissionHost,
): Record<PermissionKind, KindState> {
  const states = PERMISSION_KINDS.map((kind): [PermissionKind, KindState] => {
    if (host.query(kind) === "granted") return [kind, { state: "granted", values: null }];
    const values = grants[kind].filter((entry) => host.query(kind, entry) === "granted");
    return [kind, { state: values.length === 0 ? "denied" : "granted", values }];
  });
  return Object.fromEntries(states) as Record<PermissionKind, KindState>;
}

/** Lines of `--print-permissions`: one kind a line, then everything that is allowed of it. */
export function formatGrants(grants: Grants): string {
  const width = Math.max(...PERMISSION_KINDS.map((kind) => kind.length));
  const lines = PERMISSION_KINDS.map((kind) => {
    const values = grants[kind];
    return `${kind.padEnd(width)}   ${
      values.length === 0 ? "dropped" : `only: ${values.join(", ")}`
    }`;
  });
  return `${lines.join("\n")}\n`;
}

function largerEntries(kind: PermissionKind, entries: readonly string[]): string[] {
  if (kind === "net" || kind === "import") {
    return entries.map((entry) => entry.replace(/:\d+$/, "")).filter((host) =>
      !entries.includes(host)
    );
  }
  if (kind !== "read" && kind !== "write") return [];
  const isBelowAnEntry = (path: string) =>
    entries.some((entry) => path === entry || path.startsWith(entry === "/" ? "/" : `${entry}/`));
  return ["/", ...entries.map((entry) => entry.slice(0, entry.lastIndexOf("/")) || "/")]
    .filter((path) => !isBelowAnEntry(path));
}
