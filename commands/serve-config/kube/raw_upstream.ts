/** `/NAME/KEY` and `/NAMESPACE/NAME/KEY` to the bytes of a key (serve-config.md 14.1). */

import type { LoadOutcome } from "../upstream/upstream.ts";
import type { ConfigObjects } from "./served_objects.ts";

/** Bytes of the key that a path names; the first namespace and ConfigMaps come first. */
export function loadRaw(objects: ConfigObjects, path: string): LoadOutcome {
  const segments = path.slice(1).split("/");
  const [first = "", second = "", third = ""] = segments;
  if (segments.length === 2) {
    return find(objects, { namespaces: objects.namespaces, name: first, key: second });
  }
  if (segments.length === 3 && objects.namespaces.includes(first)) {
    return find(objects, { namespaces: [first], name: second, key: third });
  }
  return { kind: "missing" };
}

function find(
  objects: ConfigObjects,
  { namespaces, name, key }: {
    readonly namespaces: readonly string[];
    readonly name: string;
    readonly key: string;
  },
): LoadOutcome {
  for (const namespace of namespaces) {
    for (const kind of objects.kinds) {
      const bytes = objects.get(kind, namespace, name)?.entries.get(key);
      if (bytes !== undefined) return { kind: "found", bytes };
    }
  }
  return { kind: "missing" };
}
