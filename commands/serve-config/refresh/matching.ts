/**
 * Which keys a refresh event means (serve-config.md 8.5): names in file keys (rule A), broadcasts (rule B) and
 * keys shaped like Spring's requests (rule C).
 */

import { lastElement } from "../key.ts";

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
  const pattern = wanted.split(":").map(toSegmentPattern);
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
type SegmentPattern = RegExp | "**";

/** `?` is one character, `*` any number of them; `**` alone any number of segments. */
function toSegmentPattern(text: string): SegmentPattern {
  if (text === "**") return "**";
  const source = text.replace(/[\\^$.|+()[\]{}]/g, "\\$&").replaceAll("?", ".")
    .replace(/\*+/g, ".*");
  return new RegExp(`^${source}$`, "s");
}

function matchesPath(pattern: readonly SegmentPattern[], path: readonly Segment[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return path.length === 0;
  if (first === "**") {
    return path.some((_, at) => matchesPath(rest, path.slice(at))) || matchesPath(rest, []);
  }
  const [segment, ...others] = path;
  if (segment === undefined) return false;
  return (segment === ANY || first.test(segment)) && matchesPath(rest, others);
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
