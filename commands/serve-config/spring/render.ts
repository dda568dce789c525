/** An environment in the forms of the Spring Cloud Config API (serve-config.md 14.2). */

import { stringifyJavaYaml } from "#lib/format/yaml_java.ts";
import type { Environment, EnvironmentRequest } from "./environment.ts";
import { jsonText } from "./json_text.ts";
import { type ConfigNode, mergeSources, nest } from "./merge.ts";
import { originsOf } from "./origins.ts";
import { createPlaceholderResolver, type PlaceholderLimits } from "./placeholders.ts";
import { EMPTY_LIST, EMPTY_MAP, type Properties, propertyText } from "./properties.ts";
import type { PropertyValue } from "./properties.ts";

/** A merged form, by the ending of its path. */
export type MergedForm = "yml" | "properties" | "json";

/** Environment as JSON, with where each value stands when `withOrigins`. */
export function renderEnvironment(
  environment: Environment,
  { request, withOrigins }: {
    readonly request: EnvironmentRequest;
    readonly withOrigins: boolean;
  },
): string {
  const sources = environment.propertySources.map((source) => {
    const origins = withOrigins ? originsOf(source) : undefined;
    const values = new Map<string, ConfigNode>();
    for (const [key, value] of source.properties) {
      // As the Java server has it: an empty map has no property, an empty list is an empty text.
      if (value === EMPTY_MAP) continue;
      const shown = value === EMPTY_LIST ? "" : value;
      const origin = origins?.get(key);
      // Spring's client takes a value without a place as it is, and fails on a place that is null.
      values.set(key, origin === undefined ? shown : describe(shown, origin));
    }
    return new Map<string, ConfigNode>([["name", source.name], ["source", values]]);
  });
  return jsonText(
    new Map<string, ConfigNode>([
      ["name", request.application],
      // compat: the list as it was asked for, in one element.
      ["profiles", [request.profiles.join(",")]],
      ["label", request.label ?? null],
      ["version", environment.version],
      ["state", null],
      ["propertySources", sources],
    ]),
  );
}

function describe(value: PropertyValue, origin: string): ConfigNode {
  return new Map<string, ConfigNode>([["value", value], ["origin", origin]]);
}

/**
 * The merged properties as a file.
 *
 * @throws {SpringError} for a key without a place in a tree, or placeholders beyond the limits
 */
export function renderMerged(
  environment: Environment,
  { form, placeholders }: {
    readonly form: MergedForm;
    /** `undefined` to leave placeholders alone. */
    readonly placeholders: PlaceholderLimits | undefined;
  },
): string {
  const merged = mergeSources(environment.propertySources);
  const resolved = placeholders === undefined ? merged : resolveAll(merged, placeholders);
  switch (form) {
    case "properties":
      return [...resolved].filter(([, value]) => value !== EMPTY_MAP)
        .map(([key, value]) => `${key}: ${propertyText(value)}`).join("\n");
    case "json":
      return jsonText(nest(resolved));
    case "yml":
      return yamlOf(nest(resolved));
  }
}

/** A text with the placeholders of the environment resolved. */
export function renderText(
  text: string,
  environment: Environment,
  limits: PlaceholderLimits,
): string {
  const lookup = lookupIn(mergeSources(environment.propertySources));
  return createPlaceholderResolver(lookup, limits)(text);
}

function resolveAll(
  properties: Properties,
  limits: PlaceholderLimits,
): Map<string, PropertyValue> {
  const resolve = createPlaceholderResolver(lookupIn(properties), limits);
  return new Map(
    [...properties].map(([key, value]) => [
      key,
      typeof value === "string" ? resolve(value) : value,
    ]),
  );
}

function lookupIn(properties: Properties): (key: string) => string | undefined {
  return (key) => {
    const value = properties.get(key);
    return value === undefined ? undefined : propertyText(value);
  };
}

/** A document of a scalar or list stands under the key `document` alone, and is printed bare. */
function yamlOf(tree: Map<string, ConfigNode>): string {
  const document = tree.size === 1 ? tree.get("document") : undefined;
  return stringifyJavaYaml(plainOf(document === undefined ? tree : document));
}

function plainOf(node: ConfigNode): unknown {
  if (node instanceof Map) return new Map([...node].map(([key, value]) => [key, plainOf(value)]));
  if (Array.isArray(node)) return node.map(plainOf);
  if (node === EMPTY_LIST) return [];
  return node === EMPTY_MAP ? new Map() : node;
}
