/** The list of commands as text, written from the command table. */

import type { CommandEntry } from "./command.ts";

/** What `kcfg` and `kcfg help` print. */
export function rootHelp(commands: readonly CommandEntry[]): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  return [
    "kcfg does everything that configuration does in Kubernetes.",
    "",
    "Usage: kcfg COMMAND [FLAGS]",
    "",
    "Commands:",
    ...commands.map((command) => `  ${command.name.padEnd(width)}   ${command.summary}`),
    "",
    'Use "kcfg help COMMAND" for flags and examples of a command.',
    "",
  ].join("\n");
}
