/** Help of a command as text, written from its flag table. */

import type { Command } from "./command.ts";
import type { Flag, FlagTable } from "./flag.ts";
import { variablesOf } from "./resolve_flags.ts";

/** What `kcfg help NAME` prints. */
export function commandHelp(command: Command, flags: FlagTable): string {
  const lines = [
    `${command.summary}.`,
    "",
    `Usage: ${usageLine(command)}`,
    ...command.description.flatMap((paragraph) => ["", ...wrap(paragraph, 100)]),
  ];
  if (command.examples.length > 0) {
    lines.push("", "Examples:");
    for (const { line, does } of command.examples) lines.push(`  # ${does}`, `  ${line}`);
  }
  for (const [category, entries] of byCategory(flags)) {
    lines.push("", `${category}:`);
    for (const [name, flag] of entries) {
      lines.push(`  ${signature(name, flag)}`);
      lines.push(...wrap(flag.brief, 90).map((line) => `      ${line}`));
      const notes = [
        ...(showsDefault(flag) ? [`default ${flag.default === "" ? '""' : flag.default}`] : []),
        ...inheritedVariables(command.name, name, flags),
      ];
      if (notes.length > 0) lines.push(`      (${notes.join("; ")})`);
    }
  }
  const prefix = variablesOf(command.name, "", flags)[0];
  lines.push("", `Each flag can also be set by a variable ${prefix}FLAG_NAME.`, "");
  return lines.join("\n");
}

/** Flags that are shown, by category in the order of the table. */
export function byCategory(flags: FlagTable): Map<string, [string, Flag<unknown>][]> {
  const shown = Object.entries(flags).filter(([, flag]) =>
    flag.hidden !== true && flag.unavailable === undefined
  );
  return Map.groupBy(shown, ([, flag]) => flag.category) as Map<string, [string, Flag<unknown>][]>;
}

/** `kcfg NAME [FLAGS] …` */
export function usageLine(command: Command): string {
  const { positionals } = command;
  const words = ["kcfg", command.name, "[FLAGS]"];
  if (positionals !== undefined) {
    const many = positionals.maximum > 1 ? "…" : "";
    words.push(
      positionals.minimum === 0
        ? `[${positionals.placeholder}${many}]`
        : `${positionals.placeholder}${many}`,
    );
  }
  if (command.takesPassthrough === true) words.push("[-- PROGRAM ARGUMENTS…]");
  return words.join(" ");
}

/** `--name PLACEHOLDER`, with the short form in front. */
export function signature(name: string, flag: Flag<unknown>): string {
  const short = flag.short === undefined ? "" : `-${flag.short}, `;
  return `${short}--${name}${flag.boolean === true ? "" : ` ${flag.placeholder ?? "VALUE"}`}`;
}

function showsDefault(flag: Flag<unknown>): boolean {
  return flag.default !== undefined && !(flag.boolean === true && flag.default === "false");
}

function inheritedVariables(command: string, name: string, flags: FlagTable): string[] {
  const inherited = variablesOf(command, name, flags).slice(1);
  return inherited.length === 0 ? [] : [`variable ${inherited.join(" or ")}`];
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
