/** Flags that every command understands, and those that many share. */

import { LOG_LEVELS } from "#lib/log/logger.ts";
import type { LogLevel } from "#lib/log/logger.ts";
import { boolFlag, choiceFlag } from "./flag.ts";
import type { Command } from "./command.ts";
import type { Flag, FlagTable } from "./flag.ts";

/** How closely the runtime's permissions are drawn. */
export type SandboxMode = "default" | "strict";

/** The command's table and what the dispatcher adds to every one: what parser, help and completion see. */
export function allFlags(command: Pick<Command, "flags" | "strictPermissions">): FlagTable {
  const sandbox = command.strictPermissions === undefined ? NO_STRICT_FLAG : SANDBOX_FLAG;
  return { ...command.flags, sandbox, ...INSPECTION_FLAGS };
}

const SANDBOX_FLAG = choiceFlag<SandboxMode>({
  brief:
    "Fence of the runtime: default drops whole kinds of permissions, strict runs in a worker that has the " +
    "exact hosts, folders and variables of these options",
  category: "Sandbox",
  default: "default",
  choices: ["default", "strict"],
});

/** Accepted, so that one setting serves every command; hidden, because there is nothing to choose. */
const NO_STRICT_FLAG: Flag<SandboxMode> = {
  ...SANDBOX_FLAG,
  hidden: true,
  choices: ["default"],
  parse(text) {
    if (SANDBOX_FLAG.parse(text) === "default") return "default";
    throw new RangeError("this command cannot run in the strict sandbox");
  },
};

/** Inspection flags: each prints and stops. */
const INSPECTION_FLAGS = {
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
