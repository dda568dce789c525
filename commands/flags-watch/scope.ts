/** Which objects the options select, as declaration and by namespace. */

import { type FlagsWatchObjects, flagsWatchScope } from "#lib/kube/declarations/flags_watch.ts";
import type { ScopeDeclaration } from "#lib/kube/mod.ts";
import type { FlagsWatchOptions, ObjectName } from "./options.ts";

type Selecting = Pick<FlagsWatchOptions, "source" | "schema">;

/** Every object that is read, the schema's last. */
export function objectsOf({ source, schema }: Selecting): readonly ObjectName[] {
  return [
    ...(source.kind === "api" ? source.objects : []),
    ...(schema.kind === "configmap" ? [schema.object] : []),
  ];
}

/** The declaration of what these options need. */
export function scopeOf({ source, schema }: Selecting): ScopeDeclaration {
  const followed = source.kind === "api" ? source.objects : [];
  const namesOf = (kind: ObjectName["kind"]) => [
    ...new Set(followed.filter((one) => one.kind === kind).map(({ name }) => name)),
  ];
  const objects: FlagsWatchObjects = {
    configMaps: namesOf("ConfigMap"),
    secrets: namesOf("Secret"),
    schema: schema.kind === "configmap" ? schema.object.name : undefined,
  };
  return flagsWatchScope(objects);
}

/** Whether anything is read through the API. */
export function asksServer(options: Selecting): boolean {
  return objectsOf(options).length > 0;
}
