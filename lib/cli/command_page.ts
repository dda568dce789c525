/** The generated page of a command below `docs/commands/`: the same tables as help, as Markdown. */

import type { Command } from "./command.ts";
import type { FlagTable } from "./flag.ts";
import { byCategory, signature, usageLine } from "./help.ts";
import { variablesOf } from "./resolve_flags.ts";

/** Markdown of one command; `flags` includes the common ones. */
export function commandPage(command: Command, flags: FlagTable): string {
  const lines = [
    `# kcfg ${command.name}`,
    "",
    `${command.summary}.`,
    "",
    "```",
    usageLine(command),
    "```",
    ...command.description.flatMap((paragraph) => ["", paragraph]),
  ];
  if (command.examples.length > 0) {
    lines.push("", "## Examples", "", "```sh");
    for (const { line, does } of command.examples) lines.push(`# ${does}`, line);
    lines.push("```");
  }
  lines.push("", "## Flags", "");
  lines.push(
    "Strongest first: flag, environment variable, default. Variables are tried in the order given; one",
    "that is set but empty counts as unset unless the flag says otherwise.",
  );
  for (const [category, entries] of byCategory(flags)) {
    lines.push("", `### ${category}`, "");
    lines.push("| Flag | Variables | Default | Meaning |", "| --- | --- | --- | --- |");
    for (const [name, flag] of entries) {
      const variables = variablesOf(command.name, name, flags).map(code).join(" ");
      const shown = flag.default === undefined || flag.default === "" ? "" : code(flag.default);
      lines.push(
        `| ${code(signature(name, flag))} | ${variables} | ${shown} | ${cell(flag.brief)} |`,
      );
    }
  }
  const missing = Object.entries(flags).filter(([, flag]) => flag.unavailable !== undefined);
  if (missing.length > 0) {
    lines.push("", "## Not available yet", "");
    lines.push("Setting one of these is refused with exit status 2.", "");
    for (const [name, flag] of missing) {
      const inherited = flag.env?.map(code).join(" ") ?? "";
      lines.push(`- ${code(`--${name}`)} ${inherited}: ${flag.unavailable}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function code(text: string): string {
  return `\`${cell(text)}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
