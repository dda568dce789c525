/** Which applications a key is about, for the question whether somebody may read it (serve-config.md 14.9). */

import { lastElement } from "../requests/key.ts";

/** Objects that keys may name as `/NAME/KEY` and `/NAMESPACE/NAME/KEY`, where a backend serves them so. */
export interface NamedObjects {
  readonly namespaces: readonly string[];
  /** Whether the same key may be a path of Spring's API as well. */
  readonly spring: boolean;
}

/**
 * Names of each application that the key gives, the strictest reading: `/orders/dev` is `orders`, a file
 * `orders-api-dev.yml` is `orders-api`, or `orders-api-dev` itself, and whatever is in an object is about the
 * application of the object, a file `application.yml` too. Somebody may read the key who may read one name of each.
 */
export function applicationsOfKey(
  key: string,
  objects?: NamedObjects,
): readonly (readonly string[])[] {
  const path = key.split("?", 1)[0] ?? "";
  const segments = path.split("/").filter((segment) => segment !== "");
  const object = objects === undefined ? undefined : objectOf(segments, objects);
  if (object === undefined) return applicationsOfPath(path, segments);
  if (objects?.spring !== true) return [namesOf(object)];
  return [namesOf(object), ...applicationsOfPath(path, segments)];
}

function objectOf(
  [first = "", second, third, ...more]: readonly string[],
  { namespaces }: NamedObjects,
): string | undefined {
  if (second === undefined || more.length > 0) return undefined;
  if (third === undefined) return first;
  return namespaces.includes(first) ? second : undefined;
}

function applicationsOfPath(
  path: string,
  segments: readonly string[],
): readonly (readonly string[])[] {
  const isFile = segments.at(-1)?.includes(".") === true;
  // A text resource of Spring's API begins with application, profile and label.
  if (!isFile && segments.length >= 2 || segments.length >= 4) {
    return (segments[0] ?? "").split(",").map((name) => [name.replaceAll("(_)", "/")]);
  }
  return lastElement(path).split(",").map((name) => {
    const dot = name.lastIndexOf(".");
    return namesOf(dot < 0 ? name : name.slice(0, dot));
  });
}

/** A name as a whole, and without what may be its profile. */
function namesOf(stem: string): readonly string[] {
  const hyphen = stem.lastIndexOf("-");
  return hyphen < 0 ? [stem] : [stem.slice(0, hyphen), stem];
}
