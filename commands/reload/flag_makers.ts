/** Makers and categories that the flag tables of reload share. */

import { boolFlag, durationFlag, type Flag, listFlag, optionalTextFlag } from "#lib/cli/flag.ts";

/** Category. */
export const SOURCE = "Sources";
/** Category. */
export const FILES = "Files";
/** Category. */
export const TIMING = "Timing";
/** Category. */
export const RELOAD = "Reload";
/** Category. */
export const HTTP = "Reload by HTTP";
/** Category. */
export const CHECKS = "Validation and verification";
/** Category. */
export const CHILD = "Application";
/** Category. */
export const SERVICE = "Service";
/** Category. */
export const ALIASES = "Names of other reloaders";

/** A list, given again and again or one entry a line. */
export function list(
  category: string,
  brief: string,
  placeholder: string,
  env?: readonly string[],
): Flag<readonly string[]> {
  return listFlag({ brief, category, placeholder, ...(env && { env }) });
}

/** A text without a default. */
export function optional(
  category: string,
  brief: string,
  placeholder: string,
): Flag<string | undefined> {
  return optionalTextFlag({ brief, category, placeholder });
}

/** A duration in milliseconds. */
export function duration(category: string, brief: string, value: string): Flag<number> {
  return durationFlag({ brief, category, default: value, minMs: 0 });
}

/** A switch that is off by default. */
export function off(category: string, brief: string): Flag<boolean> {
  return boolFlag({ brief, category, default: "false" });
}
