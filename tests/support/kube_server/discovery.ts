/** Discovery: aggregated and legacy documents, and API groups whose server is down. */

import type { JsonObject } from "#tests/support/kube_server/json.ts";
import {
  apiVersionOf,
  type ResourceTable,
  type ResourceType,
  subresourceVerbs,
  verbsOf,
} from "#tests/support/kube_server/resources.ts";
import { noSuchResource, StatusError } from "#tests/support/kube_server/status.ts";

/** Content type of the aggregated documents. */
export const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** What discovery needs to know. */
export interface DiscoveryDeps {
  readonly resources: ResourceTable;
  /** `group/version` of aggregated APIs that do not answer. */
  readonly brokenGroups: ReadonlySet<string>;
  /** An old server has no aggregated documents. */
  readonly hasAggregated: boolean;
}

/** A discovery document with its content type; `undefined` when the path is none of discovery's. */
export function discover(
  deps: DiscoveryDeps,
  { path, accept }: { readonly path: string; readonly accept: string },
): { readonly document: JsonObject; readonly contentType: string } | undefined {
  const [root, first, second, ...more] = path.split("/").filter((part) => part !== "");
  if (root !== "api" && root !== "apis" || more.length > 0) return undefined;
  const json = (document: JsonObject) => ({ document, contentType: "application/json" });
  const groups = groupsOf(deps);
  if (first === undefined) {
    const isAggregated = deps.hasAggregated && accept.includes("as=APIGroupDiscoveryList");
    if (isAggregated) {
      return { document: aggregated(deps, { isCore: root === "api" }), contentType: AGGREGATED };
    }
    return json(root === "api" ? coreVersions() : groupList(groups));
  }
  if (root === "api") return second === undefined ? json(resourceList(deps, first)) : undefined;
  const group = groups.find(({ name }) => name === first);
  if (group === undefined) throw noSuchResource();
  if (second === undefined) return json({ kind: "APIGroup", apiVersion: "v1", ...group.document });
  const groupVersion = `${first}/${second}`;
  if (deps.brokenGroups.has(groupVersion)) throw broken();
  return json(resourceList(deps, groupVersion));
}

/** 503 as an aggregated API that is down gives it. */
export function broken(): StatusError {
  return new StatusError({
    code: 503,
    reason: "ServiceUnavailable",
    message: "service unavailable",
  });
}

function coreVersions(): JsonObject {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: "127.0.0.1:443" }],
  };
}

interface Group {
  readonly name: string;
  readonly versions: readonly string[];
  readonly document: JsonObject;
}

function groupsOf({ resources, brokenGroups }: DiscoveryDeps): Group[] {
  const versions = new Map<string, Set<string>>();
  const note = (group: string, version: string) => {
    versions.set(group, (versions.get(group) ?? new Set()).add(version));
  };
  for (const { group, version } of resources.all()) if (group !== "") note(group, version);
  for (const groupVersion of brokenGroups) {
    const [group = "", version = ""] = groupVersion.split("/");
    note(group, version);
  }
  return [...versions].map(([name, set]) => {
    const list = [...set].map((version) => ({ groupVersion: `${name}/${version}`, version }));
    return {
      name,
      versions: [...set],
      document: { name, versions: list, preferredVersion: list[0] ?? null },
    };
  });
}

function groupList(groups: readonly Group[]): JsonObject {
  return {
    kind: "APIGroupList",
    apiVersion: "v1",
    groups: groups.map(({ document }) => document),
  };
}

function resourceList({ resources }: DiscoveryDeps, groupVersion: string): JsonObject {
  const types = resources.all().filter((type) => apiVersionOf(type) === groupVersion);
  if (types.length === 0) throw noSuchResource();
  return {
    kind: "APIResourceList",
    // The oldest document of all lacks the field.
    ...(groupVersion === "v1" ? {} : { apiVersion: "v1" }),
    groupVersion,
    resources: types.flatMap((type) => [
      {
        name: type.resource,
        singularName: type.singular,
        namespaced: type.namespaced,
        kind: type.kind,
        verbs: verbsOf(type),
        ...(type.shortNames.length === 0 ? {} : { shortNames: [...type.shortNames] }),
      },
      ...type.subresources.map((subresource) => ({
        name: `${type.resource}/${subresource}`,
        singularName: "",
        namespaced: type.namespaced,
        kind: subresourceKind(type, subresource).kind,
        verbs: subresourceVerbs(subresource),
      })),
    ]),
  };
}

function aggregated(deps: DiscoveryDeps, { isCore }: { readonly isCore: boolean }): JsonObject {
  const groups = isCore ? [{ name: "", versions: ["v1"] }] : groupsOf(deps);
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: groups.map(({ name, versions }) => ({
      metadata: name === "" ? {} : { name },
      versions: versions.map((version) => ({
        version,
        resources: deps.resources.all()
          .filter((type) => type.group === name && type.version === version)
          .map(aggregatedResource),
        freshness: deps.brokenGroups.has(`${name}/${version}`) ? "Stale" : "Current",
      })),
    })),
  };
}

function aggregatedResource(type: ResourceType): JsonObject {
  return {
    resource: type.resource,
    responseKind: { group: type.group, version: type.version, kind: type.kind },
    scope: type.namespaced ? "Namespaced" : "Cluster",
    singularResource: type.singular,
    verbs: verbsOf(type),
    ...(type.shortNames.length === 0 ? {} : { shortNames: [...type.shortNames] }),
    ...(type.subresources.length === 0 ? {} : {
      subresources: type.subresources.map((subresource) => ({
        subresource,
        responseKind: subresourceKind(type, subresource),
        verbs: subresourceVerbs(subresource),
      })),
    }),
  };
}

function subresourceKind(
  { group, version, kind }: ResourceType,
  subresource: string,
): { group: string; version: string; kind: string } {
  switch (subresource) {
    case "scale":
      return { group: "autoscaling", version: "v1", kind: "Scale" };
    case "eviction":
      return { group: "policy", version: "v1", kind: "Eviction" };
    case "token":
      return { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" };
    case "binding":
      return { group: "", version: "v1", kind: "Binding" };
    default:
      return { group, version, kind };
  }
}
