/**
 * Which form of whose configuration a path asks for, as the Spring Cloud Config API lays its paths out
 * (serve-config.md 14.2). Pure; nothing is read.
 */

import { type EnvironmentRequest, SpringError } from "./environment.ts";
import type { MergedForm } from "./render.ts";

/** What is asked for. */
export type SpringRoute =
  | { readonly kind: "environment"; readonly request: EnvironmentRequest }
  | {
    readonly kind: "merged";
    readonly form: MergedForm;
    readonly request: EnvironmentRequest;
  }
  | { readonly kind: "resource"; readonly path: string; readonly request: EnvironmentRequest };

const MERGED = /^(.+)-([^-]*)\.(yml|yaml|properties|json)$/;
/** Two segments are no environment when the second looks like a file of configuration. */
const LOOKS_LIKE_FILE = /\.(?:ya?ml|json|properties)\b/;

/**
 * The route of a decoded path; `undefined` when the API has none.
 *
 * @param useDefaultLabel whether the query has that parameter, which makes the third segment a file
 * @throws {SpringError} 400 for a name, label, profile or file that could lead out of its place
 */
export function routeOf(
  path: string,
  { useDefaultLabel }: { readonly useDefaultLabel: boolean },
): SpringRoute | undefined {
  const segments = path.slice(1).split("/");
  if (segments.some((segment) => segment === "")) return undefined;
  const [first = "", second = "", third = ""] = segments;
  if (segments.length === 1) return mergedRoute(first, undefined);
  if (segments.length === 2) {
    const merged = mergedRoute(second, first);
    if (merged !== undefined || LOOKS_LIKE_FILE.test(second)) return merged;
    return { kind: "environment", request: requestOf(first, second, undefined) };
  }
  if (useDefaultLabel) {
    return resourceRoute(segments.slice(2).join("/"), requestOf(first, second, undefined));
  }
  const request = requestOf(first, second, third);
  if (segments.length === 3) return { kind: "environment", request };
  return resourceRoute(segments.slice(3).join("/"), request);
}

function mergedRoute(file: string, label: string | undefined): SpringRoute | undefined {
  const [, name, profiles, ending] = MERGED.exec(file) ?? [];
  if (name === undefined || profiles === undefined || ending === undefined) return undefined;
  const form = ending === "yaml" ? "yml" : ending as MergedForm;
  return { kind: "merged", form, request: requestOf(name, profiles, label) };
}

function resourceRoute(path: string, request: EnvironmentRequest): SpringRoute {
  check("path", path);
  return { kind: "resource", path, request };
}

function requestOf(
  name: string,
  profiles: string,
  label: string | undefined,
): EnvironmentRequest {
  check("name", name);
  if (label !== undefined) check("label", label);
  const listed = profiles.split(",");
  for (const profile of listed) checkProfile(profile);
  return {
    application: slashesOf(name),
    profiles: listed,
    label: label === undefined ? undefined : slashesOf(label),
  };
}

/** `(_)` stands for a slash. */
function slashesOf(text: string): string {
  return text.replaceAll("(_)", "/");
}

function check(what: string, text: string): void {
  for (const form of [text, decodedAgain(text)]) {
    const leadsOut = form.includes("..") || form.includes("#") || form.startsWith("(_)") ||
      slashesOf(form).startsWith("/");
    if (leadsOut) throw new SpringError(400, `The ${what} "${text}" is not allowed`);
  }
}

const PROFILE = /^[\p{L}\p{N}](?:[-_.+@\p{L}\p{N}]*[\p{L}\p{N}])?$/u;

function checkProfile(profile: string): void {
  check("profile", profile);
  if (!PROFILE.test(profile)) {
    throw new SpringError(
      400,
      `The profile "${profile}" is not allowed: letters and digits, with - _ . + @ between them`,
    );
  }
}

function decodedAgain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
