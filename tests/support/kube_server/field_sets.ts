/**
 * Sets of field paths, as `metadata.managedFields` records them: the paths of an object, and their form
 * on the wire (`f:name`, `k:{"name":"c"}`, `v:"text"`; `.` for a map or an item as such).
 */

import { isEqual, isObject, type Json, type JsonObject } from "#tests/support/kube_server/json.ts";
import { itemKey, listKind } from "#tests/support/kube_server/list_keys.ts";

/** Path → value there; an item or a map as such has no value. */
export type Leaves = ReadonlyMap<string, Json | undefined>;

const SEPARATOR = "\u0000";
const UNMANAGED = new Set(["apiVersion", "kind", "status"]);
const MANAGED_METADATA = new Set(["labels", "annotations", "finalizers", "ownerReferences"]);

/**
 * The paths of an object that are managed. `withMaps` adds a path for each map with content, as an
 * update does; an apply owns only the leaves and the items of lists.
 */
export function leavesOf(
  object: JsonObject,
  { withMaps, withStatus }: { readonly withMaps: boolean; readonly withStatus: boolean },
): Leaves {
  const leaves = new Map<string, Json | undefined>();
  for (const [key, value] of Object.entries(object)) {
    if (key === "metadata" && isObject(value)) {
      for (const [field, inner] of Object.entries(value)) {
        if (!MANAGED_METADATA.has(field)) continue;
        collect(inner, { path: ["f:metadata", `f:${field}`], names: [key, field] });
      }
    } else if (!UNMANAGED.has(key) || key === "status" && withStatus) {
      collect(value, { path: [`f:${key}`], names: [key] });
    }
  }
  return leaves;

  function collect(
    value: Json,
    { path, names }: { readonly path: readonly string[]; readonly names: readonly string[] },
  ): void {
    if (isObject(value) && Object.keys(value).length > 0) {
      // The top of the object is no field of its own, `spec` and `status` of built-in kinds neither.
      if (withMaps && !isStructTop(names)) leaves.set(path.join(SEPARATOR), undefined);
      for (const [key, inner] of Object.entries(value)) {
        collect(inner, { path: [...path, `f:${key}`], names: [...names, key] });
      }
      return;
    }
    if (!Array.isArray(value) || value.length === 0) {
      leaves.set(path.join(SEPARATOR), value);
      return;
    }
    const kind = listKind(names, "apply");
    if (kind.kind === "set") {
      for (const item of value) {
        leaves.set([...path, `v:${JSON.stringify(item)}`].join(SEPARATOR), item);
      }
      return;
    }
    const keyed = kind.kind === "keyed"
      ? value.map((item) => ({ item, key: itemKey(item, kind.keys) }))
      : [];
    if (keyed.length === 0 || keyed.some(({ key }) => key === undefined)) {
      leaves.set(path.join(SEPARATOR), value);
      return;
    }
    for (const { item, key } of keyed) {
      const itemPath = [...path, `k:${JSON.stringify(key)}`];
      leaves.set(itemPath.join(SEPARATOR), undefined);
      for (const [field, inner] of Object.entries(item as JsonObject)) {
        collect(inner, { path: [...itemPath, `f:${field}`], names: [...names, field] });
      }
    }
  }
}

/** Paths that are new in `after` or have another value there. */
export function changedPaths(before: Leaves, after: Leaves): Set<string> {
  const changed = [...after].filter(([path, value]) =>
    !before.has(path) || !isEqual(before.get(path), value)
  );
  return new Set(changed.map(([path]) => path));
}

/** `.data.key`, `.spec.containers[name="c"].image`: a path as messages show it. */
export function displayPath(path: string): string {
  return path.split(SEPARATOR).map((step) => {
    if (step.startsWith("f:")) return `.${step.slice(2)}`;
    if (step.startsWith("v:")) return `[=${step.slice(2)}]`;
    const key = JSON.parse(step.slice(2)) as JsonObject;
    return `[${
      Object.entries(key).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(",")
    }]`;
  }).join("");
}

/** The wire form of a set. */
export function toFieldsV1(paths: Iterable<string>): JsonObject {
  const root: JsonObject = {};
  // Parents come before their children in this order.
  const sorted = [...paths].sort();
  const members = new Set<JsonObject>();
  for (const path of sorted) {
    let current = root;
    for (const step of path.split(SEPARATOR)) {
      // A member with members below it says so by ".".
      if (members.has(current)) current["."] = {};
      const known = current[step];
      const next: JsonObject = isObject(known) ? known : {};
      current[step] = next;
      current = next;
    }
    members.add(current);
  }
  return root;
}

/** The set of a wire form. */
export function fromFieldsV1(fields: Json | undefined): Set<string> {
  const paths = new Set<string>();
  const walk = (value: Json | undefined, path: readonly string[]) => {
    const entries = isObject(value) ? Object.entries(value) : [];
    if (entries.length === 0 && path.length > 0) paths.add(path.join(SEPARATOR));
    for (const [step, inner] of entries) {
      if (step === ".") paths.add(path.join(SEPARATOR));
      else walk(inner, [...path, step]);
    }
  };
  walk(fields, []);
  return paths;
}

/** Removes what is at `path`; maps that become empty go with it. */
export function removePath(object: JsonObject, path: string): void {
  removeSteps(object, path.split(SEPARATOR));
}

function removeSteps(value: Json | undefined, [step = "", ...rest]: readonly string[]): void {
  if (!isObject(value)) return;
  const key = step.slice(2);
  const inner = value[key];
  const [next = "", ...further] = rest;
  if (rest.length === 0) {
    // A map as such goes when its last entry does.
    if (!isObject(inner)) delete value[key];
  } else if (!Array.isArray(inner)) removeSteps(inner, rest);
  else if (further.length === 0) removeItem(inner, next);
  else removeSteps(itemAt(inner, next), further);
  const left = value[key];
  const isEmpty = Array.isArray(left)
    ? left.length === 0
    : isObject(left) && Object.keys(left).length === 0;
  if (isEmpty) delete value[key];
}

function removeItem(list: Json[], step: string): void {
  const index = list.findIndex((item) => isItemOf(item, step));
  if (index >= 0) list.splice(index, 1);
}

function itemAt(list: readonly Json[], step: string): Json | undefined {
  return list.find((item) => isItemOf(item, step));
}

function isItemOf(item: Json, step: string): boolean {
  const wanted = JSON.parse(step.slice(2)) as Json;
  if (step.startsWith("v:")) return isEqual(item, wanted);
  if (!isObject(wanted)) return false;
  const key = itemKey(item, Object.keys(wanted));
  return key !== undefined && isEqual(key, wanted);
}

function isStructTop(names: readonly string[]): boolean {
  return names.length === 1 && (names[0] === "spec" || names[0] === "status");
}
