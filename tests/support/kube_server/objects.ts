/**
 * Writes on objects with the API server's rules: names, namespaces, optimistic locking, generation,
 * status, ownership of fields, dry runs. Deletion is in `deletion.ts`.
 */

import { load } from "js-yaml";
import {
  checkNamespace,
  checkNamespaceAccepts,
  checkType,
  parsePatch,
} from "#tests/support/kube_server/bodies.ts";
import {
  checkName,
  checkObject,
  hasGeneration,
  setDefaults,
} from "#tests/support/kube_server/defaults.ts";
import { decodeFields, type FieldSource } from "#tests/support/kube_server/fields.ts";
import {
  at,
  copy,
  isObject,
  type Json,
  type JsonObject,
  metadataOf,
  textAt,
} from "#tests/support/kube_server/json.ts";
import { applyPatch, recordUpdate } from "#tests/support/kube_server/managed_fields.ts";
import { jsonPatch, mergePatch, strategicPatch } from "#tests/support/kube_server/patches.ts";
import {
  replaceObject,
  timestamp,
  typeMeta,
  type World,
  type WriteOptions,
  writerOf,
} from "#tests/support/kube_server/replace.ts";
import { inVersion } from "#tests/support/kube_server/resources.ts";
import * as status from "#tests/support/kube_server/status.ts";
import type { ObjectRef } from "#tests/support/kube_server/store.ts";

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
  return replaceObject(world, { ref, live, wanted: decoded, options });
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
    return { object: replaceObject(world, { ref, live, wanted, options }), created: false };
  }
  const patch = parsePatch(text);
  if (!isObject(patch)) throw status.badRequest("error decoding patch: not an object");
  const patched = contentType === "application/merge-patch+json"
    ? mergePatch(live, patch) as JsonObject
    : strategicPatch(live, patch);
  const wanted = decode(ref, patched, { options, source: "patch" });
  return { object: replaceObject(world, { ref, live, wanted, options }), created: false };
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
    const object = replaceObject(world, { ref, live, wanted: applied, options, isOwned: true });
    return { object, created: false };
  }
  if (options.subresource !== "") throw status.notFound(ref.resource, ref.name);
  checkType(ref, patch);
  const fresh = createObject(world, { ref, body: patch, options: { ...options, isDryRun: true } });
  const managedFields = at(applied, "metadata", "managedFields") ?? [];
  const object = { ...fresh, metadata: { ...metadataOf(fresh), managedFields } };
  return { object: options.isDryRun ? object : world.store.put(ref, object), created: true };
}

/** The object in the version of `ref`. @throws {StatusError} 404 */
export function existing(world: World, ref: ObjectRef): JsonObject {
  const object = world.store.get(ref);
  if (object === undefined) throw status.notFound(ref.resource, ref.name);
  return inVersion(ref.resource, object);
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

function randomSuffix(): string {
  const letters = "bcdfghjklmnpqrstvwxz2456789";
  const bytes = crypto.getRandomValues(new Uint8Array(5));
  return [...bytes].map((byte) => letters[byte % letters.length]).join("");
}
