/** `kcfg version`: which kcfg this is, as a line or as JSON. */

import type { Command } from "#lib/cli/command.ts";
import { choiceFlag } from "#lib/cli/flag.ts";
import { runtimeInfo, VERSION, versionLine } from "#lib/run/version.ts";

const FLAGS = {
  output: choiceFlag<"text" | "json">({
    brief: "Form of the answer",
    category: "Output",
    default: "text",
    choices: ["text", "json"],
    short: "o",
  }),
} as const;

interface VersionOptions {
  readonly output: "text" | "json";
}

/** The command. */
export const command: Command<VersionOptions, typeof FLAGS> = {
  name: "version",
  summary: "Print the version",
  description: [],
  examples: [{ line: "kcfg version -o json", does: "version, runtime and platform for a script" }],
  flags: FLAGS,
  options: ({ values }) => ({ output: values.output }),
  permissions: () => ({}),
  run({ output }, { stdout }) {
    stdout.write(
      output === "json"
        ? `${JSON.stringify({ version: VERSION, ...runtimeInfo() })}\n`
        : `${versionLine()}\n`,
    );
    return Promise.resolve(0);
  },
};
