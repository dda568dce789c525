/**
 * Which lists are merged item by item, and by which fields: the table behind strategic merge patches and
 * server-side apply. Lists that are not named here are replaced as a whole.
 */

import { isObject, type Json, type JsonObject } from "#tests/support/kube_server/json.ts";

/** How a list is merged. */
export type ListKind =
  | { readonly kind: "atomic" }
  /** A set of plain values. */
  | { readonly kind: "set" }
  /** Objects told apart by `keys`; a missing key has its value of `defaults`. */
  | { readonly kind: "keyed"; readonly keys: readonly string[] };

const DEFAULTS: Readonly<Record<string, Json>> = { protocol: "TCP" };

const KEYED: Readonly<Record<string, readonly string[]>> = {
  containers: ["name"],
  initContainers: ["name"],
  ephemeralContainers: ["name"],
  env: ["name"],
  volumes: ["name"],
  volumeMounts: ["mountPath"],
  volumeDevices: ["devicePath"],
  imagePullSecrets: ["name"],
  secrets: ["name"],
  hostAliases: ["ip"],
  topologySpreadConstraints: ["topologyKey", "whenUnsatisfiable"],
  conditions: ["type"],
  ownerReferences: ["uid"],
};

/** How the list at `path` (field names only) is merged, in strategic merge or in apply. */
export function listKind(path: readonly string[], use: "strategic" | "apply"): ListKind {
  const field = path.at(-1) ?? "";
  if (field === "finalizers" && path.at(-2) === "metadata") return { kind: "set" };
  if (field === "ports") {
    const portField = path.includes("containers") || path.includes("initContainers")
      ? "containerPort"
      : "port";
    // Strategic merge knows one key, apply also the protocol.
    const keys = use === "strategic" ? [portField] : [portField, "protocol"];
    return isPodOrService(path) ? { kind: "keyed", keys } : { kind: "atomic" };
  }
  const keys = KEYED[field];
  return keys === undefined ? { kind: "atomic" } : { kind: "keyed", keys };
}

/** The key of an item as an object in the order of `keys`; `undefined` when a key is missing. */
export function itemKey(item: Json, keys: readonly string[]): JsonObject | undefined {
  if (!isObject(item)) return undefined;
  const key: JsonObject = {};
  for (const name of keys) {
    const value = item[name] ?? DEFAULTS[name];
    if (value === undefined) return undefined;
    key[name] = value;
  }
  return key;
}

/** Whether two items of a keyed list are the same item. */
export function isSameItem(a: Json, b: Json, keys: readonly string[]): boolean {
  const keyOfA = itemKey(a, keys);
  return keyOfA !== undefined && JSON.stringify(keyOfA) === JSON.stringify(itemKey(b, keys));
}

/** `ports` of an Ingress, a NetworkPolicy or an EndpointSlice are atomic. */
function isPodOrService(path: readonly string[]): boolean {
  return path.includes("containers") || path.includes("initContainers") ||
    path.length === 2 && path[0] === "spec";
}
