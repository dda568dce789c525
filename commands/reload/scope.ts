/** Which objects the options select, as declaration and by namespace. */

import { reloadScope } from "#lib/kube/declarations/reload.ts";
import type { ScopeDeclaration } from "#lib/kube/mod.ts";
import type { ReloadOptions } from "./options.ts";

type Selecting = Pick<ReloadOptions, "sources" | "events">;

/** The declaration of what these options need. */
export function scopeOf({ sources, events }: Selecting): ScopeDeclaration {
  const objects = sources.filter((source) => source.kind === "object");
  const selectors = sources.filter((source) => source.kind === "selector");
  const namesOf = (kind: string) => [
    ...new Set(objects.filter(({ objectKind }) => objectKind === kind).map(({ name }) => name)),
  ];
  return reloadScope({
    configMaps: namesOf("configmap"),
    secrets: namesOf("secret"),
    selected: [
      ...new Set(selectors.flatMap(({ kinds }) => kinds.map((kind) => `${kind}s` as const))),
    ],
    allNamespaces: selectors.some(({ namespaces }) => namespaces === "ALL"),
    events,
  });
}

/** Whether anything is asked of the API server. */
export function asksServer({ sources, events }: Selecting): boolean {
  return events || sources.some(({ kind }) => kind !== "volume");
}

/** Namespaces that are read; `undefined` stands for the configured one. */
export function namespacesOf({ sources }: Selecting): readonly (string | undefined)[] {
  return [
    ...new Set(sources.flatMap((source): readonly (string | undefined)[] => {
      if (source.kind === "object") return [source.namespace];
      if (source.kind !== "selector" || source.namespaces === "ALL") return [];
      return source.namespaces ?? [undefined];
    })),
  ];
}
