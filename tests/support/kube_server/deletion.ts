/** DELETE: preconditions, finalizers, grace, propagation to dependents, namespaces and definitions. */

import {
  at,
  isObject,
  type JsonObject,
  listAt,
  metadataOf,
  textAt,
  textsAt,
} from "#tests/support/kube_server/json.ts";
import { isReturnedWhenDeleted } from "#tests/support/kube_server/defaults.ts";
import { existing } from "#tests/support/kube_server/objects.ts";
import { timestamp, type World } from "#tests/support/kube_server/replace.ts";
import * as status from "#tests/support/kube_server/status.ts";
import type { ObjectRef } from "#tests/support/kube_server/store.ts";

/** `DeleteOptions`, from the body and the query together. */
export interface DeleteOptions {
  readonly propagationPolicy: string;
  readonly gracePeriodSeconds?: number | undefined;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly isDryRun: boolean;
}

/** Reads the options; the body wins over the query. */
export function deleteOptions(body: JsonObject, query: URLSearchParams): DeleteOptions {
  const propagationPolicy = textAt(body, "propagationPolicy") ||
    (query.get("propagationPolicy") ?? "");
  if (!["", "Orphan", "Background", "Foreground"].includes(propagationPolicy)) {
    throw status.invalidOptions("DeleteOptions", {
      reason: "FieldValueNotSupported",
      message: `Unsupported value: "${propagationPolicy}": supported values: "Foreground", ` +
        `"Background", "Orphan", "nil"`,
      field: "propagationPolicy",
    });
  }
  const grace = body["gracePeriodSeconds"] ?? query.get("gracePeriodSeconds");
  return {
    propagationPolicy,
    ...(grace === null || grace === undefined ? {} : { gracePeriodSeconds: Number(grace) }),
    uid: textAt(body, "preconditions", "uid"),
    resourceVersion: textAt(body, "preconditions", "resourceVersion"),
    isDryRun: query.get("dryRun") === "All" || listAt(body, "dryRun").includes("All"),
  };
}

/** Deletes one object; returns what the answer carries: the object, or a `Status` of success. */
export function deleteObject(
  world: World,
  { ref, options }: { readonly ref: ObjectRef; readonly options: DeleteOptions },
): JsonObject {
  const live = existing(world, ref);
  checkPreconditions(ref, { live, options });
  const success: JsonObject = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: { ...status.detailsOf(ref.resource, ref.name), uid: textAt(live, "metadata", "uid") },
  };
  if (options.isDryRun) return isReturnedWhenDeleted(ref.resource) ? live : success;
  if (ref.resource.resource === "namespaces") return terminateNamespace(world, { ref, live });
  const isGraceful = ref.resource.resource === "pods" && !ref.resource.custom &&
    textAt(live, "spec", "nodeName") !== "" && options.gracePeriodSeconds !== 0;
  const hasFinalizers = listAt(live, "metadata", "finalizers").length > 0;
  if (hasFinalizers || isGraceful) {
    return markDeleted(world, { ref, live, graceSeconds: graceOf(live, { options, isGraceful }) });
  }
  const finalizer = finalizerOf(ref, options);
  if (finalizer !== undefined) {
    const isDefinition = ref.resource.resource === "customresourcedefinitions";
    const marked = markDeleted(world, {
      ref,
      live: withFinalizer(live, finalizer),
      graceSeconds: isDefinition ? undefined : 0,
    });
    removeWithDependents(world, { ref, policy: options.propagationPolicy });
    return marked;
  }
  const isPod = ref.resource.resource === "pods" && !ref.resource.custom;
  if (isPod) markDeleted(world, { ref, live, graceSeconds: 0 });
  const last = removeWithDependents(world, { ref, policy: options.propagationPolicy });
  return isReturnedWhenDeleted(ref.resource) ? last ?? live : success;
}

/** What holds an object until a controller has done its part; here that is at once. */
function finalizerOf({ resource }: ObjectRef, options: DeleteOptions): string | undefined {
  if (options.propagationPolicy === "Foreground") return "foregroundDeletion";
  if (options.propagationPolicy === "Orphan") return "orphan";
  return resource.resource === "customresourcedefinitions"
    ? "customresourcecleanup.apiextensions.k8s.io"
    : undefined;
}

function checkPreconditions(
  { resource, name }: ObjectRef,
  { live, options }: { readonly live: JsonObject; readonly options: DeleteOptions },
): void {
  const conflictWith = (what: string) =>
    new status.StatusError({
      code: 409,
      reason: "Conflict",
      message: `Operation cannot be fulfilled on ${resource.kind}${
        resource.group === "" ? "" : `.${resource.group}`
      } "${name}": ${what}`,
      details: { ...status.detailsOf(resource, name), kind: resource.kind },
    });
  const uid = textAt(live, "metadata", "uid");
  if (options.uid !== "" && options.uid !== uid) {
    throw conflictWith(
      `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). ` +
        "The object might have been deleted and then recreated",
    );
  }
  const revision = textAt(live, "metadata", "resourceVersion");
  if (options.resourceVersion !== "" && options.resourceVersion !== revision) {
    throw conflictWith(
      `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ` +
        `ResourceVersion in record (${revision}). The object might have been modified`,
    );
  }
}

function graceOf(
  live: JsonObject,
  { options, isGraceful }: { readonly options: DeleteOptions; readonly isGraceful: boolean },
): number {
  if (!isGraceful) return 0;
  const ofPod = at(live, "spec", "terminationGracePeriodSeconds");
  return options.gracePeriodSeconds ?? (typeof ofPod === "number" ? ofPod : 30);
}

function markDeleted(
  world: World,
  { ref, live, graceSeconds }: {
    readonly ref: ObjectRef;
    readonly live: JsonObject;
    readonly graceSeconds: number | undefined;
  },
): JsonObject {
  // A second deletion changes nothing.
  if (at(live, "metadata", "deletionTimestamp") !== undefined) return live;
  const goneAt = new Date(world.now().getTime() + (graceSeconds ?? 0) * 1000);
  const generation = at(live, "metadata", "generation");
  return world.store.put(ref, {
    ...live,
    metadata: {
      ...metadataOf(live),
      ...(typeof generation === "number" ? { generation: generation + 1 } : {}),
      deletionTimestamp: timestamp({ now: () => goneAt }),
      ...(graceSeconds === undefined ? {} : { deletionGracePeriodSeconds: graceSeconds }),
    },
  });
}

function withFinalizer(object: JsonObject, finalizer: string): JsonObject {
  const finalizers = [...textsAt(object, "metadata", "finalizers"), finalizer];
  return { ...object, metadata: { ...metadataOf(object), finalizers } };
}

/** What the garbage collector does, at once: dependents go, or lose their owner. */
function removeWithDependents(
  world: World,
  { ref, policy }: { readonly ref: ObjectRef; readonly policy: string },
): JsonObject | undefined {
  const last = world.store.remove(ref);
  if (last === undefined) return undefined;
  if (ref.resource.resource === "customresourcedefinitions") removeDefined(world, last);
  const uid = textAt(last, "metadata", "uid");
  for (const { object } of [...world.store.everything()]) {
    const owners = listAt(object, "metadata", "ownerReferences");
    if (!owners.some((owner) => textAt(owner, "uid") === uid)) continue;
    const dependent = refOf(world, object);
    if (dependent === undefined) continue;
    const others = owners.filter((owner) => textAt(owner, "uid") !== uid);
    if (policy === "Orphan" || others.length > 0) {
      const { ownerReferences: _all, ...metadata } = metadataOf(object);
      world.store.put(dependent, {
        ...object,
        metadata: { ...metadata, ...(others.length === 0 ? {} : { ownerReferences: others }) },
      });
    } else removeWithDependents(world, { ref: dependent, policy });
  }
  return last;
}

function removeDefined(world: World, definition: JsonObject): void {
  const key = `${textAt(definition, "spec", "group")}/${
    textAt(definition, "spec", "names", "plural")
  }`;
  for (const entry of [...world.store.everything()]) {
    const ref = entry.key === key ? refOf(world, entry.object) : undefined;
    if (ref !== undefined) world.store.remove(ref);
  }
  world.resources.undefine(definition);
}

/** Marks a namespace, then empties and removes it a moment later, as a controller would. */
function terminateNamespace(
  world: World,
  { ref, live }: { readonly ref: ObjectRef; readonly live: JsonObject },
): JsonObject {
  if (at(live, "metadata", "deletionTimestamp") !== undefined) return live;
  const marked = world.store.put(ref, {
    ...live,
    metadata: { ...metadataOf(live), deletionTimestamp: timestamp(world) },
    status: { phase: "Terminating" },
  });
  queueMicrotask(() => {
    const inside = () =>
      [...world.store.everything()].filter(({ object }) =>
        textAt(object, "metadata", "namespace") === ref.name
      );
    for (const { object } of inside()) {
      const content = refOf(world, object);
      if (content === undefined) continue;
      if (listAt(object, "metadata", "finalizers").length === 0) world.store.remove(content);
      else markDeleted(world, { ref: content, live: object, graceSeconds: 0 });
    }
    const finish = () => {
      if (inside().length > 0) return;
      unsubscribe();
      world.store.remove(ref);
    };
    const unsubscribe = world.store.subscribe(finish);
    finish();
  });
  return marked;
}

/** Where a stored object is; `undefined` when its kind is not served any more. */
export function refOf(
  { resources }: Pick<World, "resources">,
  object: JsonObject,
): ObjectRef | undefined {
  const resource = resources.ofKind(textAt(object, "apiVersion"), textAt(object, "kind"));
  if (resource === undefined || !isObject(object["metadata"])) return undefined;
  return {
    resource,
    namespace: resource.namespaced ? textAt(object, "metadata", "namespace") : "",
    name: textAt(object, "metadata", "name"),
  };
}
