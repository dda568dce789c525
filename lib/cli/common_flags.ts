/** Flags that every command understands. */

import { LOG_LEVELS } from "#lib/log/logger.ts";
import type { LogLevel } from "#lib/log/logger.ts";
import { boolFlag, choiceFlag } from "./flag.ts";
import type { Flag } from "./flag.ts";

/** Inspection flags: each prints and stops. The dispatcher adds them to every command's table. */
export const INSPECTION_FLAGS = {
  "print-permissions": boolFlag({
    brief: "Print what the command may touch with these options, and stop",
    category: "Inspection",
    default: "false",
  }),
  "show-sandbox": boolFlag({
    brief: "Print the permissions really left after dropping the rest, as JSON, and stop",
    category: "Inspection",
    default: "false",
  }),
} as const;

/** `--log-level` and `--log-format` with the command's defaults and inherited variables. */
export function logFlags(defaults: {
  readonly level: LogLevel;
  readonly format: "text" | "json" | "auto";
  readonly levelEnv?: readonly string[];
  readonly formatEnv?: readonly string[];
}): {
  readonly "log-level": Flag<LogLevel>;
  readonly "log-format": Flag<"text" | "json" | "auto">;
} {
  return {
    "log-level": choiceFlag<LogLevel>({
      brief: "Least important log lines to write",
      category: "Logging",
      default: defaults.level,
      choices: LOG_LEVELS,
      env: defaults.levelEnv,
    }),
    "log-format": choiceFlag<"text" | "json" | "auto">({
      brief: "Log lines as text or JSON; auto is text on a terminal",
      category: "Logging",
      default: defaults.format,
      choices: ["text", "json", "auto"],
      env: defaults.formatEnv,
    }),
  };
}
