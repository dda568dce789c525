/** The three flags of every flags-watch, which rule its own log (flags-watch.md 4.4). */

import type { FlagSet } from "#lib/flags/flag_set.ts";
import type { FlagLogLevel } from "#lib/flags/types/scalars.ts";
import type { DynValue } from "#lib/flags/value.ts";
import type { LogLevel } from "#lib/log/logger.ts";

/** Their values. */
export interface BuiltInFlags {
  readonly level: DynValue<FlagLogLevel>;
  readonly json: DynValue<boolean>;
  readonly timestamp: DynValue<boolean>;
}

const ON = true;

/** Declares them. */
export function declareBuiltIn(flags: FlagSet): BuiltInFlags {
  return {
    level: flags.logLevel("loglevel", "Info", "level of kcfg's own log"),
    json: flags.static.bool("logger-json", ON, "whether log lines are JSON"),
    timestamp: flags.static.bool("logger-timestamp", ON, "whether log lines have a time"),
  };
}

/** kcfg's level for a level of the flag. */
export function logLevelOf(level: FlagLogLevel): LogLevel {
  switch (level) {
    case "debug":
    case "verbose":
      return "debug";
    case "info":
      return "info";
    case "warning":
      return "warn";
    default:
      return "error";
  }
}
