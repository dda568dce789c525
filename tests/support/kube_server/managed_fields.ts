/**
 * Field ownership: what an update or an apply writes into `metadata.managedFields`, and the conflicts of
 * an apply. A simple form of the real thing: one version, no schema, list keys from a table.
 */

import {
  copy,
  isEqual,
  isObject,
  type Json,
  type JsonObject,
  listAt,
  metadataOf,
  textAt,
} from "#tests/support/kube_server/json.ts";
import {
  changedPaths,
  displayPath,
  fromFieldsV1,
  leavesOf,
  removePath,
  toFieldsV1,
} from "#tests/support/kube_server/field_sets.ts";
import { isSameItem, listKind } from "#tests/support/kube_server/list_keys.ts";
import { StatusError } from "#tests/support/kube_server/status.ts";

/** Who writes, and how. */
export interface Writer {
  readonly manager: string;
  readonly apiVersion: string;
  /** Empty for the object itself. */
  readonly subresource: string;
  /** RFC 3339, whole seconds. */
  readonly time: string;
}

interface Entry {
  readonly manager: string;
  readonly operation: string;
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string;
  readonly paths: Set<string>;
}

/** Returns `after` with its ownership brought up to date for a create, update or patch. */
export function recordUpdate(
  before: JsonObject | undefined,
  after: JsonObject,
  writer: Writer,
): JsonObject {
  const options = { withMaps: true, withStatus: writer.subresource === "status" };
  const old = leavesOf(before ?? {}, options);
  const current = leavesOf(after, options);
  const changed = changedPaths(old, current);
  const removed = new Set([...old.keys()].filter((path) => !current.has(path)));
  const entries = entriesOf(before);
  for (const { paths } of entries) {
    for (const path of [...changed, ...removed]) paths.delete(path);
  }
  if (changed.size > 0) addTo(entries, { ...writer, operation: "Update", paths: changed });
  return withEntries(after, entries);
}

/**
 * Server-side apply: the object after the patch, with its ownership.
 *
 * @throws {StatusError} 409 with one cause for each conflicting field, unless `force`
 */
export function applyPatch(
  live: JsonObject | undefined,
  patch: JsonObject,
  { writer, force }: { readonly writer: Writer; readonly force: boolean },
): JsonObject {
  const wanted = leavesOf(patch, {
    withMaps: false,
    withStatus: writer.subresource === "status",
  });
  const current = leavesOf(live ?? {}, { withMaps: false, withStatus: true });
  const entries = entriesOf(live);
  const own = entries.find((entry) => isSameEntry(entry, { ...writer, operation: "Apply" }));
  const others = entries.filter((entry) => entry !== own);
  const differing = [...wanted].filter(([path, value]) =>
    value !== undefined && !isEqual(current.get(path), value)
  ).map(([path]) => path);
  const conflicts = others.flatMap((entry) =>
    differing.filter((path) => entry.paths.has(path)).map((path) => ({ entry, path }))
  );
  if (conflicts.length > 0 && !force) throw applyConflict(conflicts);
  for (const { entry, path } of conflicts) entry.paths.delete(path);
  const merged = mergeApplied(live ?? {}, patch, []) as JsonObject;
  for (const path of own?.paths ?? []) {
    const isKept = wanted.has(path) || others.some(({ paths }) => paths.has(path));
    if (!isKept) removePath(merged, path);
  }
  const paths = new Set(wanted.keys());
  const isUnchanged = own !== undefined && isEqual(toFieldsV1(own.paths), toFieldsV1(paths));
  const kept = others.filter((entry) => entry.paths.size > 0);
  return withEntries(merged, [
    ...kept,
    { ...writer, operation: "Apply", paths, ...(isUnchanged ? { time: own.time } : {}) },
  ]);
}

function applyConflict(
  conflicts: readonly { readonly entry: Entry; readonly path: string }[],
): StatusError {
  const causes = conflicts.map(({ entry, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${describe(entry)}`,
    field: displayPath(path),
  }));
  return new StatusError({
    code: 409,
    reason: "Conflict",
    message: conflictMessage(conflicts),
    details: { causes },
  });
}

function conflictMessage(
  conflicts: readonly { readonly entry: Entry; readonly path: string }[],
): string {
  const [first] = conflicts;
  if (first !== undefined && conflicts.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${describe(first.entry)}: ${
      displayPath(first.path)
    }`;
  }
  const byManager = Map.groupBy(conflicts, ({ entry }) => describe(entry));
  const lines = [...byManager].sort(([a], [b]) => a < b ? -1 : 1).flatMap(([name, list]) => [
    `conflicts with ${name}:`,
    ...list.map(({ path }) => `- ${displayPath(path)}`),
  ]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join("\n")}`;
}

function describe({ manager, operation, apiVersion, subresource }: Entry): string {
  const using = operation === "Update" ? ` using ${apiVersion}` : "";
  return `"${manager}"${subresource === "" ? "" : ` with subresource "${subresource}"`}${using}`;
}

/** Maps merge, lists merge as the table says, everything else is taken from the patch. */
function mergeApplied(live: Json | undefined, patch: Json, names: readonly string[]): Json {
  if (isObject(patch)) {
    const result: JsonObject = isObject(live) ? copy(live) : {};
    for (const [key, value] of Object.entries(patch)) {
      result[key] = mergeApplied(result[key], value, [...names, key]);
    }
    return result;
  }
  if (!Array.isArray(patch) || !Array.isArray(live)) return copy(patch);
  const kind = listKind(names, "apply");
  if (kind.kind === "atomic") return copy(patch);
  if (kind.kind === "set") return [...live, ...patch.filter((item) => !live.includes(item))];
  const kept = live.map((item) => {
    const change = patch.find((other) => isSameItem(item, other, kind.keys));
    return change === undefined ? copy(item) : mergeApplied(item, change, names);
  });
  const added = patch.filter((item) => !live.some((other) => isSameItem(item, other, kind.keys)));
  return [...kept, ...copy(added)];
}

function entriesOf(object: JsonObject | undefined): Entry[] {
  return listAt(object, "metadata", "managedFields").map((entry) => ({
    manager: textAt(entry, "manager"),
    operation: textAt(entry, "operation"),
    apiVersion: textAt(entry, "apiVersion"),
    subresource: textAt(entry, "subresource"),
    time: textAt(entry, "time"),
    paths: fromFieldsV1(isObject(entry) ? entry["fieldsV1"] : undefined),
  }));
}

function addTo(entries: Entry[], entry: Entry): void {
  const index = entries.findIndex((known) => isSameEntry(known, entry));
  const known = entries[index];
  if (known === undefined) entries.push(entry);
  else entries[index] = { ...entry, paths: known.paths.union(entry.paths) };
}

function isSameEntry(a: Omit<Entry, "paths">, b: Omit<Entry, "paths">): boolean {
  return a.manager === b.manager && a.operation === b.operation &&
    a.apiVersion === b.apiVersion && a.subresource === b.subresource;
}

function withEntries(object: JsonObject, entries: readonly Entry[]): JsonObject {
  const metadata = { ...metadataOf(object) };
  const managedFields = entries
    .filter(({ paths }) => paths.size > 0)
    .sort((a, b) => a.operation < b.operation ? -1 : a.operation > b.operation ? 1 : 0)
    .map(({ manager, operation, apiVersion, subresource, time, paths }) => ({
      manager,
      operation,
      apiVersion,
      time,
      fieldsType: "FieldsV1",
      fieldsV1: toFieldsV1(paths),
      ...(subresource === "" ? {} : { subresource }),
    }));
  if (managedFields.length === 0) delete metadata["managedFields"];
  else metadata["managedFields"] = managedFields;
  return { ...object, metadata };
}
