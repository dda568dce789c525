/** The `/scale` subresource: a view of replicas that can be read and written. */

import {
  isObject,
  type Json,
  type JsonObject,
  metadataOf,
  objectAt,
  textAt,
} from "#tests/support/kube_server/json.ts";
import { existing, updateObject } from "#tests/support/kube_server/objects.ts";
import type { World, WriteOptions } from "#tests/support/kube_server/replace.ts";
import { jsonPatch, mergePatch } from "#tests/support/kube_server/patches.ts";
import { badRequest, conflict } from "#tests/support/kube_server/status.ts";
import type { ObjectRef } from "#tests/support/kube_server/store.ts";

/** The `Scale` of an object. */
export function readScale(world: World, ref: ObjectRef): JsonObject {
  return scaleOf(existing(world, ref));
}

/** Replaces or patches a `Scale`; only `spec.replicas` counts. */
export function writeScale(
  world: World,
  { ref, body, contentType, options }: {
    readonly ref: ObjectRef;
    readonly body: Json;
    /** Empty for a PUT. */
    readonly contentType: string;
    readonly options: WriteOptions;
  },
): JsonObject {
  const live = existing(world, ref);
  const scale = scaleOf(live);
  const wanted = contentType === ""
    ? body
    : contentType === "application/json-patch+json"
    ? jsonPatch(scale, body)
    : mergePatch(scale, body);
  if (!isObject(wanted)) throw badRequest("error decoding patch: not an object");
  const revision = textAt(wanted, "metadata", "resourceVersion");
  if (revision !== "" && revision !== textAt(live, "metadata", "resourceVersion")) {
    throw conflict(ref.resource, ref.name);
  }
  const replicas = objectAt(wanted, "spec")["replicas"] ?? 0;
  const changed = { ...live, spec: { ...objectAt(live, "spec"), replicas } };
  return scaleOf(updateObject(world, { ref, body: changed, options }));
}

function scaleOf(object: JsonObject): JsonObject {
  const metadata = metadataOf(object);
  const kept: JsonObject = {};
  for (const field of ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"]) {
    const value = metadata[field];
    if (value !== undefined) kept[field] = value;
  }
  const replicas = objectAt(object, "spec")["replicas"] ?? 0;
  const labels = Object.entries(objectAt(object, "spec", "selector", "matchLabels"));
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: kept,
    // The real server leaves a zero out here, though not in the status.
    spec: replicas === 0 ? {} : { replicas },
    status: {
      replicas: objectAt(object, "status")["replicas"] ?? 0,
      selector: labels.map(([key, value]) => `${key}=${value}`).join(","),
    },
  };
}
