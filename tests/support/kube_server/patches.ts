/** JSON patch (RFC 6902), merge patch (RFC 7386) and strategic merge patch, as pure functions. */

import {
  copy,
  isEqual,
  isObject,
  type Json,
  type JsonObject,
} from "#tests/support/kube_server/json.ts";
import { isSameItem, listKind } from "#tests/support/kube_server/list_keys.ts";
import { badRequest, rejected } from "#tests/support/kube_server/status.ts";

/** Applies a JSON patch; any operation that cannot be done rejects the whole patch with 422. */
export function jsonPatch(target: JsonObject, patch: Json): JsonObject {
  if (!Array.isArray(patch)) {
    throw badRequest(
      "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
    );
  }
  const root: { [key: string]: Json } = { value: copy(target) };
  for (const operation of patch) {
    if (!isObject(operation)) throw rejected();
    applyOperation(root, operation);
  }
  const result = root["value"];
  if (!isObject(result)) throw rejected();
  return result;
}

function applyOperation(root: JsonObject, operation: JsonObject): void {
  const path = pointer(operation["path"]);
  const value = operation["value"];
  switch (operation["op"]) {
    case "add":
      return add(root, path, required(value));
    case "remove":
      remove(root, path);
      return;
    case "replace":
      remove(root, path);
      return add(root, path, required(value));
    case "move":
      return add(root, path, remove(root, pointer(operation["from"])));
    case "copy":
      return add(root, path, copy(read(root, pointer(operation["from"]))));
    case "test":
      if (!isEqual(read(root, path), required(value))) throw rejected();
      return;
    default:
      throw rejected();
  }
}

function pointer(text: Json | undefined): string[] {
  if (typeof text !== "string" || text !== "" && !text.startsWith("/")) throw rejected();
  const steps = text.split("/").slice(1);
  return ["value", ...steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))];
}

function required(value: Json | undefined): Json {
  if (value === undefined) throw rejected();
  return value;
}

function read(root: Json, path: readonly string[]): Json {
  let current: Json | undefined = root;
  for (const step of path) {
    if (Array.isArray(current)) current = current[indexOf(step, current.length)];
    else current = isObject(current) && Object.hasOwn(current, step) ? current[step] : undefined;
    if (current === undefined) throw rejected();
  }
  return required(current);
}

function add(root: JsonObject, path: readonly string[], value: Json): void {
  const parent = read(root, path.slice(0, -1));
  const step = path.at(-1) ?? "";
  if (Array.isArray(parent)) {
    const index = step === "-" ? parent.length : indexOf(step, parent.length + 1);
    parent.splice(index, 0, value);
  } else if (isObject(parent)) parent[step] = value;
  else throw rejected();
}

function remove(root: JsonObject, path: readonly string[]): Json {
  const removed = read(root, path);
  const parent = read(root, path.slice(0, -1));
  const step = path.at(-1) ?? "";
  if (Array.isArray(parent)) parent.splice(indexOf(step, parent.length), 1);
  else if (isObject(parent)) delete parent[step];
  return removed;
}

function indexOf(step: string, length: number): number {
  if (!/^(?:0|[1-9]\d*)$/.test(step) || Number(step) >= length) throw rejected();
  return Number(step);
}

/** Applies a merge patch: `null` removes, objects merge, everything else replaces. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return copy(patch);
  const result: JsonObject = isObject(target) ? copy(target) : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** Applies a strategic merge patch: lists of known fields merge by key; `$patch` is understood. */
export function strategicPatch(target: JsonObject, patch: JsonObject): JsonObject {
  return mergeObjects(target, patch, []);
}

function mergeObjects(
  target: JsonObject,
  patch: JsonObject,
  path: readonly string[],
): JsonObject {
  if (patch["$patch"] === "replace") return withoutDirectives(patch);
  if (patch["$patch"] === "delete") return {};
  const result = copy(target);
  const retained = patch["$retainKeys"];
  if (Array.isArray(retained)) {
    for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key];
  }
  for (const [key, value] of Object.entries(patch)) {
    const listed = /^\$deleteFromPrimitiveList\/(.+)$/.exec(key)?.[1];
    if (listed !== undefined) {
      const list = result[listed];
      const gone = Array.isArray(value) ? value : [];
      if (Array.isArray(list)) result[listed] = list.filter((item) => !gone.includes(item));
    }
    if (key.startsWith("$")) continue;
    const merged = mergeField(result[key], value, [...path, key]);
    if (merged === undefined) delete result[key];
    else result[key] = merged;
  }
  return result;
}

function mergeField(
  target: Json | undefined,
  patch: Json,
  path: readonly string[],
): Json | undefined {
  if (patch === null) return undefined;
  if (isObject(patch)) {
    if (patch["$patch"] === "delete") return undefined;
    return mergeObjects(isObject(target) ? target : {}, patch, path);
  }
  if (!Array.isArray(patch)) return patch;
  const kind = listKind(path, "strategic");
  const list = Array.isArray(target) ? target : [];
  if (kind.kind === "set") return [...list, ...patch.filter((item) => !list.includes(item))];
  if (kind.kind === "atomic") return copy(patch);
  return mergeKeyed(list, patch, { keys: kind.keys, path });
}

function mergeKeyed(
  list: readonly Json[],
  patch: readonly Json[],
  { keys, path }: { readonly keys: readonly string[]; readonly path: readonly string[] },
): Json[] {
  const items = patch.filter(isObject);
  if (items.some((item) => item["$patch"] === "replace" && Object.keys(item).length === 1)) {
    return items.filter((item) => item["$patch"] === undefined).map(copy);
  }
  const patched = items.filter((item) => item["$patch"] !== "delete").map((item) => {
    const serverIndex = list.findIndex((known) => isSameItem(known, item, keys));
    const known = list[serverIndex];
    return { serverIndex, value: mergeObjects(isObject(known) ? known : {}, item, path) };
  });
  const others = list
    .map((value, serverIndex) => ({ serverIndex, value: copy(value) }))
    .filter(({ value }) => !items.some((item) => isSameItem(value, item, keys)));
  // The patch's order wins; an item it does not name keeps its place among those that it does.
  const result: Json[] = [];
  for (const item of patched) {
    while (item.serverIndex >= 0 && (others[0]?.serverIndex ?? Infinity) < item.serverIndex) {
      result.push(others.shift()?.value ?? null);
    }
    result.push(item.value);
  }
  return [...result, ...others.map(({ value }) => value)];
}

function withoutDirectives(patch: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(copy(patch)).filter(([key]) => !key.startsWith("$")),
  );
}
