/** ConfigMaps and Secrets as Spring's configuration repository (serve-config.md 14.1), from the local copy. */

import { unreadableAs500 } from "../spring/file_repository.ts";
import {
  type ConfigRepository,
  type ConfigResource,
  type Environment,
  type EnvironmentRequest,
  namesOf,
  type PropertySource,
} from "../spring/environment.ts";
import { withSuffix } from "../spring/file_repository.ts";
import type { PropertyValue } from "../spring/properties.ts";
import type { ConfigKind, ConfigObject } from "#lib/kube/config_object.ts";
import type { ConfigObjects } from "./served_objects.ts";
import { DEFAULT_PROFILE, type Pass, propertiesOf } from "./object_properties.ts";

/** Whom to tell what is odd. */
export interface KubeRepositoryDeps {
  /** A file of an object whose name is that of another application. */
  onSkipped(object: ConfigObject, key: string): void;
}

const VERSION_DIGITS = 40;

/** Makes the repository. */
export function createKubeRepository(
  objects: ConfigObjects,
  { onSkipped }: KubeRepositoryDeps,
): ConfigRepository {
  async function environment(request: EnvironmentRequest): Promise<Environment> {
    const propertySources: PropertySource[] = [];
    const contributors = new Set<ConfigObject>();
    const active = new Set(request.profiles);
    for (const name of applicationsOf(request)) {
      for (const profile of passesOf(request)) {
        for (const kind of objects.kinds) {
          for (const namespace of objects.namespaces) {
            const pass = { application: name, profile, active };
            const source = sourceOf(kind, namespace, pass, contributors);
            if (source !== undefined) propertySources.push(source);
          }
        }
      }
    }
    return { propertySources, version: await versionOf(contributors) };
  }

  /** The objects NAME and NAME-PROFILE of one namespace as one source, the latter over the former. */
  function sourceOf(
    kind: ConfigKind,
    namespace: string,
    pass: Pass,
    contributors: Set<ConfigObject>,
  ): PropertySource | undefined {
    const properties = new Map<string, PropertyValue>();
    const names: string[] = [];
    for (const name of [pass.application, `${pass.application}-${pass.profile}`]) {
      const object = objects.get(kind, namespace, name);
      if (object === undefined) continue;
      const own = unreadableAs500(() =>
        propertiesOf(object, pass, (key) => onSkipped(object, key))
      );
      if (own.size === 0) continue;
      names.push(name);
      contributors.add(object);
      for (const [key, value] of own) properties.set(key, value);
    }
    if (properties.size === 0) return undefined;
    return { name: `${kind}.${names.sort().join(".")}.${namespace}.${pass.profile}`, properties };
  }

  function resource(
    request: EnvironmentRequest & { readonly path: string },
  ): Promise<ConfigResource | undefined> {
    const candidates = [
      ...request.profiles.toReversed().map((profile) => withSuffix(request.path, profile)),
      request.path,
    ];
    for (const candidate of candidates) {
      for (const name of applicationsOf(request)) {
        for (const kind of objects.kinds) {
          for (const namespace of objects.namespaces) {
            const bytes = objects.get(kind, namespace, name)?.entries.get(candidate);
            if (bytes !== undefined) return Promise.resolve({ bytes });
          }
        }
      }
    }
    return Promise.resolve(undefined);
  }

  return { environment, resource };
}

/** The applications asked for, then what all of them share; once, whatever their case. */
function applicationsOf({ application }: EnvironmentRequest): readonly string[] {
  const names = namesOf(application);
  return names.some((name) => name.toLowerCase() === "application")
    ? names
    : [...names, "application"];
}

/** Profiles, the strongest first: the last one asked for, and the default one at the end. */
function passesOf({ profiles }: EnvironmentRequest): readonly string[] {
  const reversed = [...new Set(profiles)].toReversed();
  return reversed.includes(DEFAULT_PROFILE) ? reversed : [...reversed, DEFAULT_PROFILE];
}

/** Changes whenever a contributing object does; `null` when nothing contributes. */
async function versionOf(contributors: ReadonlySet<ConfigObject>): Promise<string | null> {
  if (contributors.size === 0) return null;
  const lines = [...contributors].map((object) =>
    `${object.kind}/${object.namespace}/${object.name}/${object.resourceVersion}`
  );
  const bytes = new TextEncoder().encode(lines.sort().join("\n"));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return digest.toHex().slice(0, VERSION_DIGITS);
}
