/** The plain types: booleans, strings, log levels, enumerations. */

import { parseGoBool } from "#lib/format/go_bool.ts";
import { ParseFailure } from "../errors.ts";
import { goQuote } from "../text.ts";
import type { FlagType } from "./flag_type.ts";

/** `bool`: the twelve spellings of Go. */
export const boolType: FlagType<boolean> = {
  name: "bool",
  choices: ["true", "false"],
  parse(text) {
    try {
      return parseGoBool(text);
    } catch {
      // The text on the wire is that of Go, not ours.
      throw new ParseFailure(`strconv.ParseBool: parsing ${goQuote(text)}: invalid syntax`);
    }
  },
  format: String,
  toJson: (value) => value,
};

/** `string`: the text itself. */
export const stringType: FlagType<string> = {
  name: "string",
  parse: (text) => text,
  format: (value) => value,
  toJson: (value) => value,
};

/** Levels of the flag type `log-level`, from chatty to grave. */
export const FLAG_LOG_LEVELS = [
  "debug",
  "verbose",
  "info",
  "warning",
  "error",
  "critical",
  "fatal",
] as const;

/** One of `FLAG_LOG_LEVELS`. */
export type FlagLogLevel = typeof FLAG_LOG_LEVELS[number];

/** `log-level`: a name in any case, lower case once set. */
export const logLevelType: FlagType<FlagLogLevel> = {
  name: "log-level",
  choices: FLAG_LOG_LEVELS,
  parse(text) {
    const level = FLAG_LOG_LEVELS.find((name) => name === text.toLowerCase());
    if (level !== undefined) return level;
    const names = FLAG_LOG_LEVELS.map((name) => name.charAt(0).toUpperCase() + name.slice(1));
    throw new ParseFailure(`should be one of [${names.join(" ")}]`);
  },
  format: (value) => value,
  toJson: (value) => value,
};

/** `enum`: exactly one of `values`. */
export function enumType<V extends string>(values: readonly V[]): FlagType<V> {
  return {
    name: "enum",
    choices: values,
    parse(text) {
      const value = values.find((candidate) => candidate === text);
      if (value === undefined) throw new ParseFailure(`should be one of [${values.join(" ")}]`);
      return value;
    },
    format: (value) => value,
    toJson: (value) => value,
  };
}
