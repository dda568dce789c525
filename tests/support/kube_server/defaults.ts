/** The few defaults and checks of built-in kinds that clients notice; there is no schema behind them. */

import {
  at,
  isObject,
  type JsonObject,
  listAt,
  metadataOf,
  objectAt,
  textAt,
} from "#tests/support/kube_server/json.ts";
import type { ResourceType } from "#tests/support/kube_server/resources.ts";
import { type Cause, invalid } from "#tests/support/kube_server/status.ts";

const MAX_DATA_BYTES = 1024 * 1024;
const SUBDOMAIN = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const NAME_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', " +
  "and must start and end with an alphanumeric character (e.g. 'example.com', regex used for " +
  `validation is '${SUBDOMAIN}')`;

/** Built-in kinds whose `metadata.generation` counts changes of the specification. */
const WITH_GENERATION = new Set([
  "pods",
  "replicationcontrollers",
  "daemonsets",
  "deployments",
  "replicasets",
  "statefulsets",
  "cronjobs",
  "jobs",
  "ingresses",
  "networkpolicies",
  "endpointslices",
  "poddisruptionbudgets",
  "customresourcedefinitions",
]);

/** Kinds whose deletion answers with the object instead of a `Status`. */
const RETURNED_WHEN_DELETED = new Set([
  "pods",
  "podtemplates",
  "services",
  "serviceaccounts",
  "resourcequotas",
  "persistentvolumes",
  "persistentvolumeclaims",
]);

/** Whether `metadata.generation` is kept. */
export function hasGeneration(resource: ResourceType): boolean {
  return resource.custom || WITH_GENERATION.has(resource.resource);
}

/** Whether a complete deletion answers with the object. */
export function isReturnedWhenDeleted(resource: ResourceType): boolean {
  return !resource.custom && RETURNED_WHEN_DELETED.has(resource.resource);
}

/** @throws {StatusError} 422 when the name is missing or malformed */
export function checkName(resource: ResourceType, name: string): void {
  const { kind, group } = resource;
  if (name === "") {
    const message = "Required value: name or generateName is required";
    throw invalid({
      kind,
      group,
      causes: [{ reason: "FieldValueRequired", message, field: "metadata.name" }],
    });
  }
  const isLenient = group === "rbac.authorization.k8s.io";
  if (isLenient || new RegExp(`^${SUBDOMAIN}$`).test(name)) return;
  const message = `Invalid value: "${name}": ${NAME_RULE}`;
  throw invalid({
    kind,
    group,
    name,
    causes: [{ reason: "FieldValueInvalid", message, field: "metadata.name" }],
  });
}

/** @throws {StatusError} 422 for a Deployment without selector or containers, or too much data */
export function checkObject(resource: ResourceType, object: JsonObject): void {
  if (resource.group === "" && ["configmaps", "secrets"].includes(resource.resource)) {
    checkSize(resource, object);
  }
  if (resource.custom || resource.resource !== "deployments") return;
  const causes: Required<Cause>[] = [];
  const selector = objectAt(object, "spec", "selector", "matchLabels");
  if (!isObject(at(object, "spec", "selector"))) {
    causes.push({
      reason: "FieldValueRequired",
      message: "Required value",
      field: "spec.selector",
    });
  }
  const labels = objectAt(object, "spec", "template", "metadata", "labels");
  const isSelected = Object.entries(selector).every(([key, value]) => labels[key] === value);
  if (!isSelected || Object.keys(labels).length === 0) {
    const shown = Object.keys(labels).length === 0 ? "null" : JSON.stringify(labels);
    causes.push({
      reason: "FieldValueInvalid",
      message: `Invalid value: ${shown}: \`selector\` does not match template \`labels\``,
      field: "spec.template.metadata.labels",
    });
  }
  if (listAt(object, "spec", "template", "spec", "containers").length === 0) {
    causes.push({
      reason: "FieldValueRequired",
      message: "Required value",
      field: "spec.template.spec.containers",
    });
  }
  if (causes.length === 0) return;
  const name = textAt(object, "metadata", "name");
  throw invalid({ kind: resource.kind, group: resource.group, name, causes });
}

function checkSize({ kind }: ResourceType, object: JsonObject): void {
  const values = [...Object.values(objectAt(object, "data"))];
  const size = values.reduce<number>((sum, value) => sum + String(value).length, 0);
  if (size <= MAX_DATA_BYTES) return;
  const isConfigMap = kind === "ConfigMap";
  throw invalid({
    kind,
    name: textAt(object, "metadata", "name"),
    causes: [{
      reason: "FieldValueTooLong",
      message: `Too long: may not be more than ${MAX_DATA_BYTES} bytes`,
      field: isConfigMap ? "[]" : "data",
    }],
  });
}

/** Fills in the protocol of ports, at any time; changes `object`. */
export function setFieldDefaults({ custom, resource }: ResourceType, object: JsonObject): void {
  if (custom) return;
  if (resource === "endpointslices") setProtocols(object);
  if (resource === "endpoints") listAt(object, "subsets").filter(isObject).forEach(setProtocols);
  if (resource === "services") {
    setProtocols(objectAt(object, "spec"));
    for (const port of listAt(object, "spec", "ports").filter(isObject)) {
      port["targetPort"] ??= port["port"] ?? 0;
    }
  }
  const pod = resource === "pods" ? object : objectAt(object, "spec", "template");
  listAt(pod, "spec", "containers").filter(isObject).forEach(setProtocols);
}

function setProtocols(owner: JsonObject): void {
  for (const port of listAt(owner, "ports").filter(isObject)) port["protocol"] ??= "TCP";
}

/** Fills in defaults of a new object; changes `object`. */
export function setDefaults(resource: ResourceType, object: JsonObject): void {
  if (resource.custom) return;
  setFieldDefaults(resource, object);
  const metadata = metadataOf(object);
  const spec = objectAt(object, "spec");
  switch (resource.resource) {
    case "namespaces":
      metadata["labels"] = {
        "kubernetes.io/metadata.name": textAt(metadata, "name"),
        ...objectAt(metadata, "labels"),
      };
      object["spec"] = { finalizers: ["kubernetes"] };
      object["status"] = { phase: "Active" };
      return;
    case "secrets":
      object["type"] ??= "Opaque";
      return;
    case "pods":
      object["spec"] = { restartPolicy: "Always", ...spec };
      object["status"] = { phase: "Pending", qosClass: "BestEffort" };
      return;
    case "services":
      object["spec"] = { type: "ClusterIP", sessionAffinity: "None", ...spec };
      object["status"] = { loadBalancer: {} };
      return;
    case "deployments":
    case "replicasets":
    case "statefulsets":
      object["spec"] = { replicas: 1, ...spec };
      object["status"] = {};
      return;
    case "customresourcedefinitions":
      object["status"] = {
        conditions: [
          { type: "NamesAccepted", status: "True", reason: "NoConflicts" },
          { type: "Established", status: "True", reason: "InitialNamesAccepted" },
        ],
        acceptedNames: objectAt(spec, "names"),
        storedVersions: listAt(spec, "versions").map((version) => textAt(version, "name")),
      };
      return;
  }
}
