/** What these options may ask the API server for. */

import { resolveScope } from "#lib/kube/declarations/resolve.ts";
import type { ScopeDeclaration } from "#lib/kube/mod.ts";
import type { ResolveOptions } from "./options.ts";

type Selecting = Pick<ResolveOptions, "engine" | "explain">;

/** The declaration of what may be asked; the Service is always tried. */
export function scopeOf({ engine }: Selecting): ScopeDeclaration {
  return resolveScope({ source: engine.source ?? "auto", service: "never" });
}

/** The rules that are printed and checked: those without which these options do not work. */
export function printedScopeOf({ engine, explain }: Selecting): ScopeDeclaration {
  const readsService = explain || engine.portMode !== "literal";
  const { rbac } = resolveScope({
    source: engine.source === "endpoints" ? "endpoints" : "endpointslices",
    service: readsService ? "get" : "never",
  });
  return { rbac: rbac.filter((rule) => rule.optional !== true) };
}
