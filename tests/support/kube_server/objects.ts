/**
 * Writes on objects with the API server's rules: names, namespaces, optimistic locking, generation,
 * status, ownership of fields, dry runs. Deletion is in `deletion.ts`.
 */

import { load } from "js-yaml";
import {
  at,
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
  checkNamespace,
  checkNamespaceAccepts,
  checkType,
  parsePatch,
} from "#tests/support/kube_server/bodies.ts";
import {
  decodeFields,
  type FieldSource,
  type FieldValidation,
} from "#tests/support/kube_server/fields.ts";
import {
  checkName,
  checkObject,
  hasGeneration,
  setDefaults,
  setFieldDefaults,
} from "#tests/support/kube_server/defaults.ts";
import {
  applyPatch,
  recordUpdate,
  type Writer,
} from "#tests/support/kube_server/managed_fields.ts";
import { jsonPatch, mergePatch, strategicPatch } from "#tests/support/kube_server/patches.ts";
import {
  apiVersionOf,
  inVersion,
  type ResourceTable,
} from "#tests/support/kube_server/resources.ts";
import * as status from "#tests/support/kube_server/status.ts";
import type { ObjectRef, Store } from "#tests/support/kube_server/store.ts";

/** What the writes work on. */
export interface World {
  readonly store: Store;
  readonly resources: ResourceTable;
  readonly now: () => Date;
}

/** How a write is done. */
export interface WriteOptions {
  readonly manager: string;
  /** Empty for the object itself. */
  readonly subresource: string;
  readonly isDryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** Adds a warning to the answer. */
  warn(text: string): void;
}

/** A patch as it came. */
export interface PatchOptions extends WriteOptions {
  readonly contentType: string;
  readonly text: string;
  readonly force: boolean;
}

/** Result of a write that may have created. */
export interface Written {
  readonly object: JsonObject;
  readonly created: boolean;
}

/** POST on a collection. `ref.name` is empty; the name is in the body, or made from `generateName`. */
export function createObject(
  world: World,
  { ref, body, options }: {
    readonly ref: Omit<ObjectRef, "name">;
    readonly body: JsonObject;
    readonly options: WriteOptions;
  },
): JsonObject {
  const { resource, namespace } = ref;
  checkType(ref, body);
  const object: JsonObject = {
    ...decode(ref, body, { options, source: "body" }),
    ...typeMeta(ref),
  };
  const metadata = metadataOf(object);
  checkNamespace(ref, metadata);
  if (textAt(metadata, "resourceVersion") !== "") {
    throw new status.StatusError({
      code: 500,
      reason: "",
      message: "resourceVersion should not be set on objects to be created",
    });
  }
  const prefix = textAt(metadata, "generateName");
  const name = textAt(metadata, "name") || (prefix === "" ? "" : prefix + randomSuffix());
  checkName(resource, name);
  if (resource.namespaced) checkNamespaceAccepts(world, { ...ref, name });
  if (world.store.get({ ...ref, name }) !== undefined) throw status.alreadyExists(resource, name);
  delete metadata["managedFields"];
  delete metadata["deletionTimestamp"];
  if (resource.subresources.includes("status")) delete object["status"];
  setDefaults(resource, object);
  checkObject(resource, object);
  object["metadata"] = {
    ...metadataOf(object),
    name,
    ...(resource.namespaced ? { namespace } : {}),
    uid: crypto.randomUUID(),
    creationTimestamp: timestamp(world),
    ...(hasGeneration(resource) ? { generation: 1 } : {}),
  };
  const owned = recordUpdate(undefined, object, writerOf(world, { ref, options }));
  if (options.isDryRun) return owned;
  const stored = world.store.put({ ...ref, name }, owned);
  if (resource.resource === "customresourcedefinitions") world.resources.define(stored);
  return stored;
}

/** PUT on an object or its status. */
export function updateObject(
  world: World,
  { ref, body, options }: {
    readonly ref: ObjectRef;
    readonly body: JsonObject;
    readonly options: WriteOptions;
  },
): JsonObject {
  checkType(ref, body);
  const decoded = decode(ref, body, { options, source: "body" });
  const name = textAt(decoded, "metadata", "name");
  if (name === "") {
    throw status.badRequest(
      `the name of the object (${ref.name} based on URL) was undeterminable: name must be provided`,
    );
  }
  const live = existing(world, ref);
  if (ref.resource.custom && textAt(body, "metadata", "resourceVersion") === "") {
    throw status.invalid({
      kind: ref.resource.resource,
      group: ref.resource.group,
      name,
      causes: [{
        reason: "FieldValueInvalid",
        message: "Invalid value: 0: must be specified for an update",
        field: "metadata.resourceVersion",
      }],
    });
  }
  return replace(world, { ref, live, wanted: decoded, options });
}

/** PATCH on an object or its status; an apply creates what is not there. */
export function patchObject(
  world: World,
  { ref, options }: { readonly ref: ObjectRef; readonly options: PatchOptions },
): Written {
  const { contentType, text } = options;
  if (contentType === "application/apply-patch+yaml") return applyObject(world, { ref, options });
  const live = existing(world, ref);
  if (contentType === "application/json-patch+json") {
    const patched = jsonPatch(live, parsePatch(text));
    const wanted = decode(ref, patched, { options, source: "patch" });
    return { object: replace(world, { ref, live, wanted, options }), created: false };
  }
  const patch = parsePatch(text);
  if (!isObject(patch)) throw status.badRequest("error decoding patch: not an object");
  const patched = contentType === "application/merge-patch+json"
    ? mergePatch(live, patch) as JsonObject
    : strategicPatch(live, patch);
  const wanted = decode(ref, patched, { options, source: "patch" });
  return { object: replace(world, { ref, live, wanted, options }), created: false };
}

function applyObject(
  world: World,
  { ref, options }: { readonly ref: ObjectRef; readonly options: PatchOptions },
): Written {
  const patch = load(options.text) as Json;
  if (!isObject(patch) || textAt(patch, "kind") === "" || textAt(patch, "apiVersion") === "") {
    const [group = "", kind = ""] = [textAt(patch, "apiVersion"), textAt(patch, "kind")];
    throw status.badRequest(`invalid object type: ${group}/, Kind=${kind}`);
  }
  if (at(patch, "metadata", "managedFields") !== undefined) {
    throw status.badRequest("metadata.managedFields must be nil");
  }
  const writer = writerOf(world, { ref, options });
  const stored = world.store.get(ref);
  const live = stored === undefined ? undefined : inVersion(ref.resource, stored);
  const decoded = decode(ref, patch, { options, source: "apply" });
  const applied = applyPatch(live, decoded, { writer, force: options.force });
  if (live !== undefined) {
    const object = replace(world, { ref, live, wanted: applied, options, isOwned: true });
    return { object, created: false };
  }
  if (options.subresource !== "") throw status.notFound(ref.resource, ref.name);
  checkType(ref, patch);
  const fresh = createObject(world, { ref, body: patch, options: { ...options, isDryRun: true } });
  const managedFields = at(applied, "metadata", "managedFields") ?? [];
  const object = { ...fresh, metadata: { ...metadataOf(fresh), managedFields } };
  return { object: options.isDryRun ? object : world.store.put(ref, object), created: true };
}

/** What every change of an existing object goes through. `isOwned`: ownership is recorded already. */
function replace(
  world: World,
  { ref, live, wanted, options, isOwned = false }: {
    readonly ref: ObjectRef;
    readonly live: JsonObject;
    readonly wanted: JsonObject;
    readonly options: WriteOptions;
    readonly isOwned?: boolean;
  },
): JsonObject {
  const { resource, name } = ref;
  const metadata = metadataOf(wanted);
  const liveMetadata = metadataOf(live);
  if (textAt(metadata, "name") !== name) {
    throw status.badRequest(
      `the name of the object (${
        textAt(metadata, "name")
      }) does not match the name on the URL (${name})`,
    );
  }
  checkNamespace(ref, metadata);
  const askedRevision = textAt(metadata, "resourceVersion");
  if (askedRevision !== "" && askedRevision !== liveMetadata["resourceVersion"]) {
    throw status.conflict(resource, name);
  }
  const askedUid = textAt(metadata, "uid");
  if (askedUid !== "" && askedUid !== liveMetadata["uid"]) {
    throw status.conflict(
      resource,
      name,
      `Precondition failed: UID in precondition: ${askedUid}, UID in object meta: ${
        textAt(liveMetadata, "uid")
      }`,
    );
  }
  const kept: JsonObject = {};
  for (
    const field of [
      "namespace",
      "uid",
      "resourceVersion",
      "generation",
      "creationTimestamp",
      "deletionTimestamp",
      "deletionGracePeriodSeconds",
    ]
  ) {
    const value = liveMetadata[field];
    if (value !== undefined) kept[field] = value;
  }
  const isStatus = options.subresource === "status";
  let next: JsonObject = isStatus ? { ...live } : { ...wanted, ...typeMeta(ref) };
  next["metadata"] = { ...withoutEmpty(isStatus ? liveMetadata : metadata), ...kept };
  const source = isStatus ? wanted : resource.subresources.includes("status") ? live : next;
  if (source["status"] === undefined) delete next["status"];
  else next["status"] = source["status"];
  // The specification of a status write is the stored one, which is never changed in place.
  if (!isStatus) setFieldDefaults(resource, next);
  checkObject(resource, next);
  if (isOwned) {
    metadataOf(next)["managedFields"] = at(wanted, "metadata", "managedFields") ?? [];
  } else {
    next = recordUpdate(live, next, writerOf(world, { ref, options }));
  }
  // A change of ownership times alone is no change.
  if (isEqual(withoutTimes(next), withoutTimes(live))) return live;
  if (hasGeneration(resource) && !isEqual(specification(next), specification(live))) {
    metadataOf(next)["generation"] = Number(liveMetadata["generation"] ?? 0) + 1;
  }
  if (options.isDryRun) return next;
  const isDone = liveMetadata["deletionTimestamp"] !== undefined &&
    listAt(next, "metadata", "finalizers").length === 0;
  if (isDone) {
    world.store.remove(ref);
    return next;
  }
  const stored = world.store.put(ref, next);
  if (resource.resource === "customresourcedefinitions") world.resources.define(stored);
  return stored;
}

/** The object in the version of `ref`. @throws {StatusError} 404 */
export function existing(world: World, ref: ObjectRef): JsonObject {
  const object = world.store.get(ref);
  if (object === undefined) throw status.notFound(ref.resource, ref.name);
  return inVersion(ref.resource, object);
}

/** Now as the API server writes it. */
export function timestamp({ now }: Pick<World, "now">): string {
  return now().toISOString().replace(/\.\d+Z$/, "Z");
}

/** A copy of an object as its kind has it. */
function decode(
  { resource }: Omit<ObjectRef, "name">,
  object: JsonObject,
  { options, source }: { readonly options: WriteOptions; readonly source: FieldSource },
): JsonObject {
  const { fieldValidation: validation, warn } = options;
  return copy(decodeFields(resource, object, { source, validation, warn }));
}

function writerOf(
  world: World,
  { ref, options }: { readonly ref: Omit<ObjectRef, "name">; readonly options: WriteOptions },
): Writer {
  return {
    manager: options.manager,
    apiVersion: apiVersionOf(ref.resource),
    subresource: options.subresource,
    time: timestamp(world),
  };
}

function typeMeta({ resource }: Omit<ObjectRef, "name">): JsonObject {
  return { apiVersion: apiVersionOf(resource), kind: resource.kind };
}

function withoutEmpty(metadata: JsonObject): JsonObject {
  const isEmpty = (value: Json) =>
    Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => !isEmpty(value)));
}

function specification(object: JsonObject): JsonObject {
  const { metadata: _metadata, status: _status, ...rest } = object;
  return rest;
}

function withoutTimes(object: JsonObject): JsonObject {
  const managedFields = listAt(object, "metadata", "managedFields").map((entry) =>
    isObject(entry) ? { ...entry, time: "" } : entry
  );
  return { ...object, metadata: { ...metadataOf(object), managedFields } };
}

function randomSuffix(): string {
  const letters = "bcdfghjklmnpqrstvwxz2456789";
  const bytes = crypto.getRandomValues(new Uint8Array(5));
  return [...bytes].map((byte) => letters[byte % letters.length]).join("");
}
