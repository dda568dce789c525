/** The rights that these options need: printed as RBAC objects, or asked of the server (resolve.md 14). */

import { configuredNamespace, openClient } from "#lib/kube/deno_client.ts";
import { activeRules, type RbacOptions, renderRbac, toAccessRules } from "#lib/kube/mod.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { RunContext } from "#lib/run/context.ts";
import { targetsOf } from "./engines.ts";
import { EXIT_CODES } from "./exit_codes.ts";
import type { ResolveOptions } from "./options.ts";
import { printedScopeOf } from "./scope.ts";
import { align } from "./table.ts";

/** The objects as YAML or JSON. */
export async function printRbac(
  options: ResolveOptions,
  rbac: Omit<RbacOptions, "command" | "namespaces">,
): Promise<string> {
  return renderRbac(printedScopeOf(options).rbac, {
    ...rbac,
    command: "resolve",
    namespaces: await namespacesOf(options),
  });
}

/** One review per rule, verb and namespace, as a table; status 5 when one is denied. */
export async function checkAccess(
  options: ResolveOptions,
  { context, log }: { readonly context: RunContext; readonly log: Logger },
): Promise<number> {
  const scope = printedScopeOf(options);
  const client = await openClient(options.kube, {
    command: "resolve",
    scope,
    clock: context.clock,
    log,
  });
  try {
    const namespaces = await namespacesOf(options);
    const rules = toAccessRules(activeRules(scope, new Set()), namespaces);
    const reviews = await client.accessReview(rules, { signal: context.signal });
    context.stdout.write(align([
      ["VERB", "RESOURCE", "NAMESPACE", "ALLOWED"],
      ...reviews.map(({ verb, group, resource, namespace = "-", allowed }) => [
        verb,
        group === "" ? resource : `${resource}.${group}`,
        namespace,
        allowed ? "allowed" : "denied",
      ]),
    ]));
    return reviews.every(({ allowed }) => allowed) ? EXIT_CODES.ok : EXIT_CODES.denied;
  } finally {
    await client.close();
  }
}

async function namespacesOf(options: ResolveOptions): Promise<readonly string[]> {
  if (options.namespaces.length > 0) return options.namespaces;
  if (options.targets.length === 0) return [await configuredNamespace(options.kube)];
  return [...new Set((await targetsOf(options)).map(({ namespace }) => namespace))];
}
