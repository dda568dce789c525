/** `--print-rbac` and `--check-access`: the rights these options need (resolve.md 14). */

import { type DenoClientDeps, openClient } from "#lib/kube/deno_client.ts";
import { resolveScope } from "#lib/kube/declarations/resolve.ts";
import { activeRules, renderRbac, type ScopeDeclaration, toAccessRules } from "#lib/kube/mod.ts";
import { oneLine } from "#lib/term/one_line.ts";
import { formatTable } from "#lib/term/table.ts";
import type { ResolveOptions } from "./options.ts";

/** The declaration of what these options ask for. */
export function scopeOf(
  { source, explain, addresses }: Pick<ResolveOptions, "source" | "explain" | "addresses">,
): ScopeDeclaration {
  const isServiceNeeded = explain || addresses.portMode !== "literal";
  return resolveScope({ source, service: isServiceNeeded ? "print" : "try" });
}

/** The RBAC objects as text. */
export function printRbac(
  options: ResolveOptions,
  rbac: NonNullable<ResolveOptions["rbac"]>,
  namespaces: readonly string[],
): string {
  const rules = activeRules(scopeOf(options), new Set());
  return renderRbac(rules, { ...rbac, command: "resolve", namespaces });
}

/** Asks for every rule and verb in each namespace; code 0 when all are granted, else 5. */
export async function checkAccess(
  options: ResolveOptions,
  namespaces: readonly string[],
  deps: Pick<DenoClientDeps, "clock" | "log"> & { readonly signal: AbortSignal },
): Promise<{ readonly text: string; readonly code: 0 | 5 }> {
  const scope = scopeOf(options);
  const client = await openClient(options.kube, { command: "resolve", scope, ...deps });
  try {
    const rules = toAccessRules(activeRules(scope, new Set()), namespaces);
    const reviews = await client.accessReview(rules, { signal: deps.signal });
    const text = formatTable(reviews, {
      columns: [
        { header: "verb", value: ({ verb }) => verb },
        {
          header: "resource",
          value: ({ resource, group }) => group === "" ? resource : `${resource}.${group}`,
        },
        { header: "namespace", value: ({ namespace }) => namespace ?? "*" },
        { header: "allowed", value: ({ allowed }) => allowed ? "allowed" : "denied" },
        { header: "reason", value: ({ reason }) => oneLine(reason) },
      ],
    });
    return { text, code: reviews.every(({ allowed }) => allowed) ? 0 : 5 };
  } finally {
    await client.close();
  }
}
