/**
 * Which keys a refresh event means (serve-config.md 8.5): names in file keys (rule A), broadcasts (rule B) and
 * keys shaped like Spring's requests (rule C).
 */

import { globTest } from "#lib/format/glob.ts";
import { lastElement } from "../requests/key.ts";

/** How keys are to be read. */
export interface MatchOptions {
  /** Whether Spring's routes are served, which makes `/label/name-profile.yml` name an application. */
  readonly spring: boolean;
}

/** Makes the test whether a key belongs to `destination`, such as `orders:**`. */
export function matcherOf(
  destination: string,
  { spring }: MatchOptions,
): (key: string) => boolean {
  const wanted = destination.trim();
  if (isBroadcast(wanted)) return () => true;
  const prefix = wanted.replace(/:\*\*$/, "").replace(":", "-");
  const pattern = toPattern(wanted);
  return (key) => {
    const names = lastElement(key).split(",");
    if (names.some((name) => name.startsWith(prefix))) return true;
    const shaped = springShape(key, { spring });
    if (shaped === undefined) return false;
    return shaped.applications.some((application) =>
      application === prefix ||
      matchesPath(pattern, [application]) ||
      shaped.profiles.some((profile) =>
        matchesPath(pattern, [application, profile]) ||
        matchesPath(pattern, [application, profile, ANY])
      )
    );
  };
}

/** Whether the event means every key, because it names all applications or the one all others inherit. */
function isBroadcast(destination: string): boolean {
  return /^(?:\*{0,2}|\*:\*\*|#)$/.test(destination) || destination.split(":")[0] === "application";
}

/** Stands for the instance, which a key does not know. */
const ANY = Symbol("any");
type Segment = string | typeof ANY;
type SegmentPattern = ((text: string) => boolean) | "**";
type Pattern = readonly SegmentPattern[];

/** Application, profile and instance: what a key can be compared with. */
const MAX_SEGMENTS = 3;

/**
 * `**` alone is any number of segments, each other segment a glob; `undefined` for one that no key can match,
 * so that a destination of any length is nothing to walk through.
 */
function toPattern(destination: string): Pattern | undefined {
  const segments = destination.split(":")
    .filter((text, at, all) => text !== "**" || all[at - 1] !== "**");
  if (segments.filter((text) => text !== "**").length > MAX_SEGMENTS) return undefined;
  return segments.map((text) => text === "**" ? text : globTest(text));
}

function matchesPath(pattern: Pattern | undefined, path: readonly Segment[]): boolean {
  if (pattern === undefined) return false;
  const [first, ...rest] = pattern;
  if (first === undefined) return path.length === 0;
  if (first === "**") {
    return path.some((_, at) => matchesPath(rest, path.slice(at))) || matchesPath(rest, []);
  }
  const [segment, ...others] = path;
  if (segment === undefined) return false;
  return (segment === ANY || first(segment)) && matchesPath(rest, others);
}

/** Applications and profiles that a key names. */
export interface SpringShape {
  readonly applications: readonly string[];
  readonly profiles: readonly string[];
}

/** Applications and profiles of a key; `undefined` when it has no such shape. */
export function springShape(
  key: string,
  { spring }: MatchOptions,
): SpringShape | undefined {
  // What follows the question mark is no part of the path.
  const segments = (key.split("?", 1)[0] ?? "").split("/").filter((segment) => segment !== "");
  const last = segments.at(-1) ?? "";
  const [application = "", profile = ""] = segments;
  if (!last.includes(".")) {
    return segments.length < 2 ? undefined : shapeOf(application, profile);
  }
  if (!spring) return undefined;
  if (segments.length > 2) return shapeOf(application, profile);
  const stem = last.slice(0, last.lastIndexOf("."));
  const hyphen = stem.lastIndexOf("-");
  return hyphen < 0 ? undefined : shapeOf(stem.slice(0, hyphen), stem.slice(hyphen + 1));
}

function shapeOf(applications: string, profiles: string): SpringShape {
  const list = (text: string) => text.split(",").map((name) => name.replaceAll("(_)", "/").trim());
  return { applications: list(applications), profiles: list(profiles) };
}
