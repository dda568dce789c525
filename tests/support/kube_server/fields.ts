/**
 * The little the fake API server knows of schemas: the top-level fields of built-in kinds, those of
 * metadata, maps of texts, and a Secret's `stringData`. What is deeper is taken as it comes.
 */

import {
  isObject,
  type Json,
  type JsonObject,
  metadataOf,
  objectAt,
} from "#tests/support/kube_server/json.ts";
import { apiVersionOf, type ResourceType } from "#tests/support/kube_server/resources.ts";
import { badRequest, StatusError } from "#tests/support/kube_server/status.ts";

/** How unknown fields are taken; `Warn` is the server's default. */
export type FieldValidation = "Strict" | "Warn" | "Ignore";

/** Where the object came from, which decides how a failure is worded. */
export type FieldSource = "body" | "patch" | "apply";

const METADATA = new Set([
  "name",
  "generateName",
  "namespace",
  "selfLink",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "labels",
  "annotations",
  "ownerReferences",
  "finalizers",
  "managedFields",
]);

/** Fields beside `apiVersion`, `kind` and `metadata`. Kinds that are not named are not checked. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  ConfigMap: ["data", "binaryData", "immutable"],
  Secret: ["data", "stringData", "type", "immutable"],
  Endpoints: ["subsets"],
  EndpointSlice: ["addressType", "endpoints", "ports"],
  ServiceAccount: ["secrets", "imagePullSecrets", "automountServiceAccountToken"],
  Role: ["rules"],
  ClusterRole: ["rules", "aggregationRule"],
  RoleBinding: ["subjects", "roleRef"],
  ClusterRoleBinding: ["subjects", "roleRef"],
  ...Object.fromEntries(
    [
      "CronJob",
      "CustomResourceDefinition",
      "DaemonSet",
      "Deployment",
      "HorizontalPodAutoscaler",
      "Ingress",
      "Job",
      "Namespace",
      "Node",
      "PersistentVolume",
      "PersistentVolumeClaim",
      "Pod",
      "PodDisruptionBudget",
      "ReplicaSet",
      "ReplicationController",
      "ResourceQuota",
      "Service",
      "StatefulSet",
    ].map((kind) => [kind, ["spec", "status"]]),
  ),
};

const TEXT_MAPS: Readonly<Record<string, readonly string[]>> = {
  ConfigMap: ["data", "binaryData"],
  Secret: ["data", "stringData"],
};

/**
 * The object without fields its kind does not have, and with `stringData` moved into `data`.
 *
 * @throws {StatusError} for unknown fields under `Strict`, and for values that are no texts
 */
export function decodeFields(
  resource: ResourceType,
  object: JsonObject,
  { source, validation, warn }: {
    readonly source: FieldSource;
    readonly validation: FieldValidation;
    readonly warn: (text: string) => void;
  },
): JsonObject {
  if (resource.custom) return object;
  const { kind } = resource;
  const unknown = [
    ...Object.keys(metadataOf(object)).filter((field) => !METADATA.has(field))
      .map((field) => `metadata.${field}`),
    ...unknownFields(kind, object),
  ];
  if (unknown.length > 0) {
    if (source === "apply") throw undeclared(resource, { object, field: unknown[0] ?? "" });
    const texts = unknown.map((field) => `unknown field "${field}"`);
    if (validation === "Strict") {
      throw failure(resource, {
        object,
        source,
        reason: `strict decoding error: ${texts.join(", ")}`,
      });
    }
    if (validation === "Warn") { for (const text of texts) warn(text); }
  }
  for (const field of TEXT_MAPS[kind] ?? []) {
    for (const value of Object.values(objectAt(object, field))) {
      if (typeof value === "string") continue;
      const type = kind === "Secret" && field === "data" ? "[]uint8" : "string";
      const reason = `json: cannot unmarshal ${typeName(value)} into Go struct field ` +
        `${kind}.${field} of type ${type}`;
      throw failure(resource, { object, source, reason });
    }
  }
  const known = Object.fromEntries(
    Object.entries(object).filter(([field]) => !unknown.includes(field)),
  );
  const metadata = Object.fromEntries(
    Object.entries(metadataOf(object)).filter(([field]) => METADATA.has(field)),
  );
  const decoded: JsonObject = { ...known, metadata };
  return kind === "Secret" ? withStringData(resource, { object: decoded, source }) : decoded;
}

function unknownFields(kind: string, object: JsonObject): string[] {
  const fields = FIELDS[kind];
  if (fields === undefined) return [];
  const known = new Set(["apiVersion", "kind", "metadata", ...fields]);
  return Object.keys(object).filter((field) => !known.has(field));
}

function withStringData(
  resource: ResourceType,
  { object, source }: { readonly object: JsonObject; readonly source: FieldSource },
): JsonObject {
  const { stringData, ...rest } = object;
  for (const value of Object.values(objectAt(rest, "data"))) {
    if (isBase64(String(value))) continue;
    throw failure(resource, { object, source, reason: "illegal base64 data at input byte 0" });
  }
  if (!isObject(stringData)) return rest;
  const encoder = new TextEncoder();
  const encoded = Object.entries(stringData).map(([key, value]) => {
    return [key, encoder.encode(String(value)).toBase64()];
  });
  return { ...rest, data: { ...objectAt(rest, "data"), ...Object.fromEntries(encoded) } };
}

function isBase64(text: string): boolean {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text);
}

function failure(
  resource: ResourceType,
  { object, source, reason }: {
    readonly object: JsonObject;
    readonly source: FieldSource;
    readonly reason: string;
  },
): StatusError {
  const { kind } = resource;
  if (source === "body") {
    return badRequest(
      `${kind} in version "${apiVersionOf(resource)}" cannot be handled as a ${kind}: ${reason}`,
    );
  }
  const message = `Invalid value: ${JSON.stringify(JSON.stringify(object))}: ${reason}`;
  return new StatusError({
    code: 422,
    reason: "Invalid",
    message: ` "" is invalid: patch: ${message}`,
    details: { causes: [{ reason: "FieldValueInvalid", message, field: "patch" }] },
  });
}

function undeclared(
  resource: ResourceType,
  { object, field }: { readonly object: JsonObject; readonly field: string },
): StatusError {
  const { name } = metadataOf(object);
  return new StatusError({
    code: 500,
    reason: "",
    message: `failed to create typed patch object (/${name}; ${resource.group}/` +
      `${resource.version}, Kind=${resource.kind}): .${field}: field not declared in schema`,
  });
}

function typeName(value: Json): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return value === null ? "null" : typeof value;
}
