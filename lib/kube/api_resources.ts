/** Reads the two forms of discovery documents: aggregated (`apidiscovery.k8s.io/v2`) and one per group. */

import { isJsonObject } from "./types.ts";

/** A kind of resource that the server has. */
export interface ApiResource {
  /** API group; the core group is empty. */
  readonly group: string;
  /** Version of the group. */
  readonly version: string;
  /** Plural name, as in paths. */
  readonly resource: string;
  /** Kind of its objects. */
  readonly kind: string;
  /** Singular name; may be empty. */
  readonly singular: string;
  /** Whether its objects live in namespaces. */
  readonly namespaced: boolean;
  /** Verbs that the server supports. */
  readonly verbs: readonly string[];
  /** Abbreviations for people. */
  readonly shortNames: readonly string[];
  /** Names of subresources, such as `status`. */
  readonly subresources: readonly string[];
}

/** A group version that has to be asked for by itself. */
export interface GroupVersion {
  /** `v1` or `group/version`. */
  readonly name: string;
  readonly path: string;
  readonly group: string;
  readonly version: string;
}

/** Names under which a resource can be asked for, in lower case. */
export function namesOf(resource: ApiResource): string[] {
  const { group, version } = resource;
  const names = [resource.resource, resource.singular, resource.kind, ...resource.shortNames];
  const suffixes = group === "" ? ["", `.${version}`] : ["", `.${group}`, `.${version}.${group}`];
  return names.filter((name) => name !== "")
    .flatMap((name) => suffixes.map((suffix) => `${name}${suffix}`.toLowerCase()));
}

/** Resources of an `APIGroupDiscoveryList`, and the group versions marked as stale. */
export function aggregatedResources(
  value: unknown,
): { readonly resources: ApiResource[]; readonly failed: string[] } {
  const resources: ApiResource[] = [];
  const failed: string[] = [];
  for (const item of objects(value, "items")) {
    const metadata = isJsonObject(item["metadata"]) ? item["metadata"] : {};
    const group = text(metadata, "name");
    for (const entry of objects(item, "versions")) {
      const version = text(entry, "version");
      if (entry["freshness"] === "Stale") {
        failed.push(group === "" ? version : `${group}/${version}`);
        continue;
      }
      for (const resource of objects(entry, "resources")) {
        const responseKind = isJsonObject(resource["responseKind"]) ? resource["responseKind"] : {};
        resources.push({
          group,
          version,
          resource: text(resource, "resource"),
          kind: text(responseKind, "kind"),
          singular: text(resource, "singularResource"),
          namespaced: resource["scope"] === "Namespaced",
          verbs: texts(resource, "verbs"),
          shortNames: texts(resource, "shortNames"),
          subresources: objects(resource, "subresources").map((sub) => text(sub, "subresource")),
        });
      }
    }
  }
  return { resources, failed };
}

/** Group versions of an `APIVersions` (core) or `APIGroupList`, the preferred version of a group first. */
export function groupVersions(value: unknown): GroupVersion[] {
  if (!isJsonObject(value)) return [];
  if (value["kind"] === "APIVersions") {
    return texts(value, "versions").map((version) => ({
      name: version,
      path: `/api/${version}`,
      group: "",
      version,
    }));
  }
  return objects(value, "groups").flatMap((item) => {
    const group = text(item, "name");
    const preferred = isJsonObject(item["preferredVersion"]) ? item["preferredVersion"] : {};
    const versions = objects(item, "versions").map((entry) => text(entry, "version"));
    const ordered = new Set([text(preferred, "version"), ...versions].filter((v) => v !== ""));
    return [...ordered].map((version) => ({
      name: `${group}/${version}`,
      path: `/apis/${group}/${version}`,
      group,
      version,
    }));
  });
}

/** Resources of an `APIResourceList`. */
export function groupResources(value: unknown, { group, version }: GroupVersion): ApiResource[] {
  const all = objects(value, "resources");
  return all.filter((entry) => !text(entry, "name").includes("/")).map((entry) => {
    const resource = text(entry, "name");
    const prefix = `${resource}/`;
    return {
      group,
      version,
      resource,
      kind: text(entry, "kind"),
      singular: text(entry, "singularName"),
      namespaced: entry["namespaced"] === true,
      verbs: texts(entry, "verbs"),
      shortNames: texts(entry, "shortNames"),
      subresources: all.map((other) => text(other, "name"))
        .filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)),
    };
  });
}

function objects(value: unknown, key: string): Record<string, unknown>[] {
  const list = isJsonObject(value) ? value[key] : undefined;
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

function text(value: Record<string, unknown>, key: string): string {
  const member = value[key];
  return typeof member === "string" ? member : "";
}

function texts(value: Record<string, unknown>, key: string): string[] {
  const list = value[key];
  return Array.isArray(list) ? list.filter((entry) => typeof entry === "string") : [];
}
