/** The kinds the fake API server knows from the start, and those added by a CustomResourceDefinition. */

import {
  at,
  type JsonObject,
  listAt,
  objectAt,
  textAt,
  textsAt,
} from "#tests/support/kube_server/json.ts";

/** A resource as discovery tells it, in one version. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  /** Plural name in paths. */
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  /** Such as `status`, `scale`, `log`. */
  readonly subresources: readonly string[];
  /** Served from a CustomResourceDefinition: no strategic merge, type meta required in bodies. */
  readonly custom: boolean;
  /** Only POST, nothing is stored: access and token reviews. */
  readonly review: boolean;
}

// group/version resource Kind scope shortNames subresources; `-` is none, `-` as group is core.
const TABLE = `
-/v1 bindings Binding ns - review
-/v1 configmaps ConfigMap ns cm -
-/v1 endpoints Endpoints ns ep -
-/v1 events Event ns ev -
-/v1 limitranges LimitRange ns limits -
-/v1 namespaces Namespace cluster ns status,finalize
-/v1 nodes Node cluster no status
-/v1 persistentvolumeclaims PersistentVolumeClaim ns pvc status
-/v1 persistentvolumes PersistentVolume cluster pv status
-/v1 pods Pod ns po status,log,binding,eviction
-/v1 podtemplates PodTemplate ns - -
-/v1 replicationcontrollers ReplicationController ns rc status,scale
-/v1 resourcequotas ResourceQuota ns quota status
-/v1 secrets Secret ns - -
-/v1 serviceaccounts ServiceAccount ns sa token
-/v1 services Service ns svc status
apiregistration.k8s.io/v1 apiservices APIService cluster - status
apps/v1 controllerrevisions ControllerRevision ns - -
apps/v1 daemonsets DaemonSet ns ds status
apps/v1 deployments Deployment ns deploy status,scale
apps/v1 replicasets ReplicaSet ns rs status,scale
apps/v1 statefulsets StatefulSet ns sts status,scale
events.k8s.io/v1 events Event ns ev -
authentication.k8s.io/v1 selfsubjectreviews SelfSubjectReview cluster - review
authentication.k8s.io/v1 tokenreviews TokenReview cluster - review
authorization.k8s.io/v1 localsubjectaccessreviews LocalSubjectAccessReview ns - review
authorization.k8s.io/v1 selfsubjectaccessreviews SelfSubjectAccessReview cluster - review
authorization.k8s.io/v1 selfsubjectrulesreviews SelfSubjectRulesReview cluster - review
authorization.k8s.io/v1 subjectaccessreviews SubjectAccessReview cluster - review
autoscaling/v2 horizontalpodautoscalers HorizontalPodAutoscaler ns hpa status
autoscaling/v1 horizontalpodautoscalers HorizontalPodAutoscaler ns hpa status
batch/v1 cronjobs CronJob ns cj status
batch/v1 jobs Job ns - status
networking.k8s.io/v1 ingressclasses IngressClass cluster - -
networking.k8s.io/v1 ingresses Ingress ns ing status
networking.k8s.io/v1 networkpolicies NetworkPolicy ns netpol -
policy/v1 poddisruptionbudgets PodDisruptionBudget ns pdb status
rbac.authorization.k8s.io/v1 clusterrolebindings ClusterRoleBinding cluster - -
rbac.authorization.k8s.io/v1 clusterroles ClusterRole cluster - -
rbac.authorization.k8s.io/v1 rolebindings RoleBinding ns - -
rbac.authorization.k8s.io/v1 roles Role ns - -
storage.k8s.io/v1 storageclasses StorageClass cluster sc -
admissionregistration.k8s.io/v1 mutatingwebhookconfigurations MutatingWebhookConfiguration cluster - -
admissionregistration.k8s.io/v1 validatingwebhookconfigurations ValidatingWebhookConfiguration cluster - -
apiextensions.k8s.io/v1 customresourcedefinitions CustomResourceDefinition cluster crd,crds status
scheduling.k8s.io/v1 priorityclasses PriorityClass cluster pc -
coordination.k8s.io/v1 leases Lease ns - -
discovery.k8s.io/v1 endpointslices EndpointSlice ns - -
`;

/** The resources of one server. Order is the order of discovery. */
export class ResourceTable {
  readonly #types: ResourceType[] = builtIn();

  /** All of them. */
  all(): readonly ResourceType[] {
    return this.#types;
  }

  /** The resource of a path. */
  find(group: string, version: string, resource: string): ResourceType | undefined {
    return this.#types.find((type) =>
      type.group === group && type.version === version && type.resource === resource
    );
  }

  /** The resource of an object. */
  ofKind(apiVersion: string, kind: string): ResourceType | undefined {
    return this.#types.find((type) => apiVersionOf(type) === apiVersion && type.kind === kind);
  }

  /** Adds a resource, or replaces the one of the same group, version and name. */
  add(type: ResourceType): void {
    this.remove(type);
    this.#types.push(type);
  }

  /** Adds what a CustomResourceDefinition defines. */
  define(definition: JsonObject): void {
    for (const type of definedBy(definition)) this.add(type);
  }

  /** Removes what a CustomResourceDefinition defines. */
  undefine(definition: JsonObject): void {
    for (const type of definedBy(definition)) this.remove(type);
  }

  private remove({ group, version, resource }: ResourceType): void {
    const known = this.find(group, version, resource);
    if (known !== undefined) this.#types.splice(this.#types.indexOf(known), 1);
  }
}

/** `v1` or `apps/v1`. */
export function apiVersionOf({ group, version }: ResourceType): string {
  return group === "" ? version : `${group}/${version}`;
}

/** The object as `type` serves it: versions differ in nothing but their name here. */
export function inVersion(type: ResourceType, object: JsonObject): JsonObject {
  const apiVersion = apiVersionOf(type);
  return object["apiVersion"] === apiVersion ? object : { ...object, apiVersion };
}

/** Verbs of a resource as discovery lists them. */
export function verbsOf(type: ResourceType): string[] {
  if (type.review) return ["create"];
  return ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
}

/** Verbs of a subresource as discovery lists them. */
export function subresourceVerbs(subresource: string): string[] {
  if (subresource === "log") return ["get"];
  if (["binding", "eviction", "token"].includes(subresource)) return ["create"];
  if (subresource === "finalize") return ["update"];
  return ["get", "patch", "update"];
}

function builtIn(): ResourceType[] {
  return TABLE.trim().split("\n").map((line) => {
    const [groupVersion = "", resource = "", kind = "", scope, short = "-", sub = "-"] = line.split(
      " ",
    );
    const [group = "", version = ""] = groupVersion.split("/");
    return {
      group: group === "-" ? "" : group,
      version,
      resource,
      kind,
      singular: kind.toLowerCase(),
      namespaced: scope === "ns",
      shortNames: short === "-" ? [] : short.split(","),
      subresources: sub === "-" || sub === "review" ? [] : sub.split(","),
      custom: false,
      review: sub === "review",
    };
  });
}

function definedBy(definition: JsonObject): ResourceType[] {
  const names = objectAt(definition, "spec", "names");
  const kind = textAt(names, "kind");
  return listAt(definition, "spec", "versions")
    .filter((version) => at(version, "served") !== false)
    .map((version) => ({
      group: textAt(definition, "spec", "group"),
      version: textAt(version, "name"),
      resource: textAt(names, "plural"),
      kind,
      singular: textAt(names, "singular") || kind.toLowerCase(),
      namespaced: textAt(definition, "spec", "scope") === "Namespaced",
      shortNames: textsAt(names, "shortNames"),
      subresources: Object.keys(objectAt(version, "subresources")),
      custom: true,
      review: false,
    }));
}
