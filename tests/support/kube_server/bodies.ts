/** Bodies of writes: reading them, and whether they belong where they were sent. */

import { dump, load } from "js-yaml";
import {
  at,
  isObject,
  type Json,
  type JsonObject,
  textAt,
} from "#tests/support/kube_server/json.ts";
import { apiVersionOf, type ResourceTable } from "#tests/support/kube_server/resources.ts";
import * as status from "#tests/support/kube_server/status.ts";
import type { ObjectRef, Store } from "#tests/support/kube_server/store.ts";

/** A body as an object; JSON or YAML. */
export function parseBody(
  text: string,
  { contentType, kind }: { readonly contentType: string; readonly kind: string },
): JsonObject {
  const accepted = ["application/json", "application/yaml", ""];
  if (!accepted.includes(contentType)) {
    throw status.unsupportedMediaType(
      "application/json, application/yaml, application/vnd.kubernetes.protobuf",
    );
  }
  let body: Json;
  try {
    body = contentType === "application/yaml" ? load(text) as Json : JSON.parse(text) as Json;
  } catch (error) {
    throw status.badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; ` +
        `json parse error: ${error instanceof Error ? error.message : dump(error)}`,
    );
  }
  if (isObject(body)) return body;
  throw status.badRequest(
    `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind`,
  );
}

/** A JSON or merge patch. @throws {StatusError} 400 */
export function parsePatch(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw status.badRequest(`error decoding patch: ${reason}`);
  }
}

/** @throws {StatusError} 415 for a patch type that the resource does not take */
export function checkPatchType({ resource }: ObjectRef, contentType: string): void {
  const isJson = ["application/json-patch+json", "application/merge-patch+json"];
  const known = [
    ...isJson,
    ...(resource.custom ? [] : ["application/strategic-merge-patch+json"]),
    "application/apply-patch+yaml",
  ];
  if (!known.includes(contentType)) throw status.unsupportedMediaType(known.join(", "));
}

/** @throws {StatusError} 400 when the body is of another kind */
export function checkType({ resource }: Omit<ObjectRef, "name">, body: JsonObject): void {
  const apiVersion = textAt(body, "apiVersion");
  const kind = textAt(body, "kind");
  if (resource.custom && kind === "") {
    const text = JSON.stringify(body);
    throw status.badRequest(
      `the object provided is unrecognized (must be of type ${resource.kind}): Object 'Kind' is ` +
        `missing in '${text}' (${text})`,
    );
  }
  const isRight = (kind === "" || kind === resource.kind) &&
    (apiVersion === "" || apiVersion === apiVersionOf(resource));
  if (isRight) return;
  throw status.badRequest(
    `${kind} in version "${apiVersion}" cannot be handled as a ${resource.kind}: unknown conversion`,
  );
}

/** @throws {StatusError} 400 when the body is of another namespace */
export function checkNamespace(
  { resource, namespace }: Omit<ObjectRef, "name">,
  metadata: JsonObject,
): void {
  const given = textAt(metadata, "namespace");
  if (resource.namespaced && given !== "" && given !== namespace) {
    throw status.badRequest(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  }
}

/** @throws {StatusError} 404 or 403 when the namespace is not there or on its way out */
export function checkNamespaceAccepts(
  { resources, store }: { readonly resources: ResourceTable; readonly store: Store },
  { resource, namespace, name }: ObjectRef,
): void {
  const namespaces = resources.find("", "v1", "namespaces");
  if (namespaces === undefined) return;
  const object = store.get({ resource: namespaces, namespace: "", name: namespace });
  if (object === undefined) throw status.notFound(namespaces, namespace);
  if (at(object, "metadata", "deletionTimestamp") === undefined) return;
  throw new status.StatusError({
    code: 403,
    reason: "Forbidden",
    message: `${status.qualified(resource)} "${name}" is forbidden: unable to create new content ` +
      `in namespace ${namespace} because it is being terminated`,
    details: {
      ...status.detailsOf(resource, name),
      causes: [{
        reason: "NamespaceTerminating",
        message: `namespace ${namespace} is being terminated`,
        field: "metadata.namespace",
      }],
    },
  });
}
