/** Which keys a changed object concerns (serve-config.md 14.1). */

import { springShape } from "../refresh/matching.ts";
import type { UpstreamChange } from "../upstream/upstream.ts";

/**
 * The change of an object: of the applications named as the object and as each prefix of its name at a hyphen,
 * and of the raw keys of the object; of every application when it is `application` or one of its profiles.
 */
export function changeOf(name: string, namespaces: readonly string[]): UpstreamChange {
  const names = prefixesOf(name);
  if (names.has("application")) return { affects: () => true };
  return {
    affects(key) {
      if (rawObjectOf(key, namespaces) === name) return true;
      return applicationsOf(key).some((application) => names.has(application));
    },
  };
}

/** Whatever may be the application of a key; a folder with a dot in it may be a profile or a file. */
function applicationsOf(key: string): readonly string[] {
  const shaped = springShape(key, { spring: true })?.applications ?? [];
  const [first = ""] = key.slice(1).split("/");
  return [...shaped, ...first.split(",")];
}

function prefixesOf(name: string): ReadonlySet<string> {
  const parts = name.split("-");
  return new Set(parts.map((_, index) => parts.slice(0, index + 1).join("-")));
}

/** The object of `/NAME/KEY` or `/NAMESPACE/NAME/KEY`. */
function rawObjectOf(key: string, namespaces: readonly string[]): string | undefined {
  const [first, second, third] = key.slice(1).split("/");
  return third !== undefined && first !== undefined && namespaces.includes(first) ? second : first;
}
