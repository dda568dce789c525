/** Answers to requests for resources, verb by verb, once they are allowed. */

import type { User } from "#tests/support/kube_server/access.ts";
import { checkPatchType, parseBody } from "#tests/support/kube_server/bodies.ts";
import { deleteObject, deleteOptions } from "#tests/support/kube_server/deletion.ts";
import type { Exchange } from "#tests/support/kube_server/exchange.ts";
import { type Json, type JsonObject, textAt } from "#tests/support/kube_server/json.ts";
import { listObjects } from "#tests/support/kube_server/lists.ts";
import * as objects from "#tests/support/kube_server/objects.ts";
import type { World, WriteOptions } from "#tests/support/kube_server/replace.ts";
import { type ResourceType, subresourceVerbs } from "#tests/support/kube_server/resources.ts";
import { requestToken, review } from "#tests/support/kube_server/reviews.ts";
import { readScale, writeScale } from "#tests/support/kube_server/scale.ts";
import type { ServerState } from "#tests/support/kube_server/state.ts";
import * as status from "#tests/support/kube_server/status.ts";
import { keyOf, type ObjectRef } from "#tests/support/kube_server/store.ts";
import type { Target } from "#tests/support/kube_server/target.ts";
import type { ScriptedStreamFault } from "#tests/support/kube_server/watch_stream.ts";

/** A request that may go on. */
export interface Request {
  readonly exchange: Exchange;
  readonly target: Target;
  readonly query: URLSearchParams;
  readonly user: User;
  readonly body: string;
  readonly contentType: string;
  readonly streamFaults: readonly ScriptedStreamFault[];
}

/** A request for a resource that is served. */
export type ResourceRequest = Request & { readonly resource: ResourceType };

/** Answers a verb on an object or a collection, watches apart. */
export function answerObject({ world }: ServerState, request: ResourceRequest): void {
  const { exchange, target, query, resource } = request;
  const ref = { resource, namespace: namespaceOf(request, resource), name: target.name };
  const options = writeOptions(request);
  switch (target.verb) {
    case "get":
      checkNotInFuture(world, query);
      return exchange.json(200, objects.existing(world, ref));
    case "list":
      return exchange.json(
        200,
        listObjects(world.store, { resource, namespace: ref.namespace }, query),
      );
    case "create": {
      if (target.name !== "") throw status.methodNotAllowed();
      const body = parsed(request);
      return exchange.json(201, objects.createObject(world, { ref, body, options }));
    }
    case "update": {
      const body = parsed(request);
      return exchange.json(200, objects.updateObject(world, { ref, body, options }));
    }
    case "patch":
      if (target.name === "") throw status.methodNotAllowed();
      return answerPatch(world, { ...request, ref });
    case "delete":
      return exchange.json(
        200,
        deleteObject(world, { ref, options: deleteOptions(optionalBody(request), query) }),
      );
    case "deletecollection": {
      const deletion = deleteOptions(optionalBody(request), query);
      const list = listObjects(world.store, { resource, namespace: ref.namespace }, query);
      for (const item of list["items"] as JsonObject[]) {
        const [namespace = "", name = ""] = keyOf(item).split("/");
        deleteObject(world, { ref: { resource, namespace, name }, options: deletion });
      }
      return exchange.json(200, list);
    }
    default:
      throw status.methodNotAllowed();
  }
}

function answerPatch(
  world: World,
  request: ResourceRequest & { readonly ref: ObjectRef },
): void {
  const { exchange, query, body, contentType, ref } = request;
  checkPatchType(ref, contentType);
  const isApply = contentType === "application/apply-patch+yaml";
  const force = query.get("force");
  if (isApply && (query.get("fieldManager") ?? "") === "") {
    throw status.invalidOptions("PatchOptions", {
      reason: "FieldValueRequired",
      message: "Required value: is required for apply patch",
      field: "fieldManager",
    });
  }
  if (!isApply && force !== null) {
    throw status.invalidOptions("PatchOptions", {
      reason: "FieldValueForbidden",
      message: "Forbidden: may not be specified for non-apply patch",
      field: "force",
    });
  }
  const { object, created } = objects.patchObject(world, {
    ref,
    options: {
      ...writeOptions(request),
      contentType,
      text: body,
      force: force === "true" || force === "1",
    },
  });
  exchange.json(created ? 201 : 200, object);
}

/** Answers a verb on a subresource. */
export function answerSubresource(state: ServerState, request: ResourceRequest): void {
  const { exchange, target, query, resource, body, contentType } = request;
  const { world } = state;
  const ref = { resource, namespace: namespaceOf(request, resource), name: target.name };
  if (!resource.subresources.includes(target.subresource)) throw status.noSuchResource();
  if (!subresourceVerbs(target.subresource).includes(target.verb)) throw status.methodNotAllowed();
  const options = { ...writeOptions(request), subresource: target.subresource };
  switch (target.subresource) {
    case "log":
      return state.logs.serve(objects.existing(world, ref), { query, exchange });
    case "token":
      return exchange.json(
        201,
        requestToken(world, state.access, { ref, body: parsed(request) }),
      );
    case "eviction":
      deleteObject(world, { ref, options: deleteOptions({}, new URLSearchParams()) });
      return exchange.json(201, success(201));
    case "binding": {
      const pod = objects.existing(world, ref);
      const spec = { ...pod["spec"] as JsonObject };
      const node = textAt(spec, "nodeName");
      if (node !== "") {
        throw status.conflict(
          { ...resource, resource: "pods/binding" },
          ref.name,
          `pod ${ref.name} is already assigned to node "${node}"`,
        );
      }
      spec["nodeName"] = textAt(parsed(request), "target", "name");
      world.store.put(ref, { ...pod, spec });
      return exchange.json(201, success(201));
    }
    case "scale": {
      if (target.verb === "get") return exchange.json(200, readScale(world, ref));
      const isPatch = target.verb === "patch";
      const value = JSON.parse(body) as Json;
      return exchange.json(
        200,
        writeScale(world, { ref, body: value, contentType: isPatch ? contentType : "", options }),
      );
    }
    default:
      if (target.verb === "get") return exchange.json(200, objects.existing(world, ref));
      if (target.verb === "update") {
        return exchange.json(
          200,
          objects.updateObject(world, { ref, body: parsed(request), options }),
        );
      }
      return answerPatch(world, { ...request, ref });
  }
}

/** Answers a review. */
export function answerReview(state: ServerState, request: ResourceRequest): void {
  const { exchange, target, resource, user } = request;
  if (target.verb !== "create") throw status.methodNotAllowed();
  const body = parsed(request);
  exchange.json(201, review(state.access, { resource, user, body, now: state.world }));
}

/** Namespace of a request; empty for cluster-scoped resources. */
export function namespaceOf({ target }: Request, resource: ResourceType): string {
  return resource.namespaced ? target.namespace : "";
}

function writeOptions({ exchange, query, target }: Request): WriteOptions {
  const agent = (exchange.header("user-agent") ?? "unknown").split("/")[0] ?? "unknown";
  const dryRun = query.get("dryRun");
  const fieldValidation = query.get("fieldValidation");
  if (dryRun !== null && dryRun !== "All") {
    const kinds: Readonly<Record<string, string>> = {
      create: "CreateOptions",
      update: "UpdateOptions",
      patch: "PatchOptions",
    };
    throw status.invalidOptions(kinds[target.verb] ?? "DeleteOptions", {
      reason: "FieldValueNotSupported",
      message: `Unsupported value: ["${dryRun}"]: supported values: "All"`,
      field: "dryRun",
    });
  }
  return {
    manager: query.get("fieldManager") || agent,
    subresource: target.subresource,
    isDryRun: dryRun === "All",
    fieldValidation: fieldValidation === "Strict" || fieldValidation === "Ignore"
      ? fieldValidation
      : "Warn",
    warn: (text) => exchange.warn(text),
  };
}

function parsed({ body, contentType, resource }: ResourceRequest): JsonObject {
  return parseBody(body, { contentType, kind: resource.kind });
}

function optionalBody(request: ResourceRequest): JsonObject {
  return request.body === "" ? {} : parsed(request);
}

function checkNotInFuture({ store }: World, query: URLSearchParams): void {
  const text = query.get("resourceVersion") ?? "";
  if (Number(text) > store.revision) throw status.tooLargeResourceVersion(text, store.revision);
}

function success(code: number): JsonObject {
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code };
}
