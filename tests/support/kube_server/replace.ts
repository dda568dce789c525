/**
 * What every change of an existing object goes through, whatever its verb: names, optimistic locking,
 * status, ownership, generation, finalizers.
 */

import { checkNamespace } from "#tests/support/kube_server/bodies.ts";
import {
  checkObject,
  hasGeneration,
  setFieldDefaults,
} from "#tests/support/kube_server/defaults.ts";
import type { FieldValidation } from "#tests/support/kube_server/fields.ts";
import {
  at,
  isEqual,
  isObject,
  type Json,
  type JsonObject,
  listAt,
  metadataOf,
  textAt,
} from "#tests/support/kube_server/json.ts";
import { recordUpdate, type Writer } from "#tests/support/kube_server/managed_fields.ts";
import { apiVersionOf, type ResourceTable } from "#tests/support/kube_server/resources.ts";
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

/** What every change of an existing object goes through. `isOwned`: ownership is recorded already. */
export function replaceObject(
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

/** Now as the API server writes it. */
export function timestamp({ now }: Pick<World, "now">): string {
  return now().toISOString().replace(/\.\d+Z$/, "Z");
}

/** Who writes, for the ownership of fields. */
export function writerOf(
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

/** `apiVersion` and `kind` of a resource. */
export function typeMeta({ resource }: Omit<ObjectRef, "name">): JsonObject {
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
