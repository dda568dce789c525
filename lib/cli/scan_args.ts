/** What the command line says: flags by name, positionals, and what stands behind `--`. */

import type { FlagTable } from "./flag.ts";
import { rewriteArgs } from "./rewrite_args.ts";
import { UsageError } from "./usage_error.ts";

/** Positional arguments a command takes. */
export interface Positionals {
  /** What stands for one of them in help. */
  readonly placeholder: string;
  readonly brief: string;
  /** Fewest and most; 0 and 1 for an optional one. */
  readonly minimum: number;
  readonly maximum: number;
}

/** What the command line said, not yet parsed. */
export interface ScannedArgs {
  /** Text of each flag that was given, by name. */
  readonly flags: Readonly<Record<string, string>>;
  readonly positionals: readonly string[];
  /** Everything behind `--`; `undefined` without it. */
  readonly passthrough: readonly string[] | undefined;
}

/** What a scan needs to know of a command. */
export interface ScannableCommand {
  readonly name: string;
  readonly summary: string;
  readonly flags: FlagTable;
  readonly positionals?: Positionals | undefined;
  readonly takesPassthrough?: boolean | undefined;
}

/**
 * Splits `args` into flags, positionals and what stands behind `--`. What is plainly right is taken as it is;
 * stricli is loaded for the rest alone, because a start should not pay for the explanation of mistakes.
 *
 * @throws {UsageError} for an unknown flag (with the near miss), a missing value, too many or too few
 * positionals, or a `--` the command has no use for
 */
export async function scanArgs(
  command: ScannableCommand,
  args: readonly string[],
): Promise<ScannedArgs> {
  const { flags, others, passthrough } = rewriteArgs(args, command.flags);
  if (passthrough !== undefined && command.takesPassthrough !== true) {
    throw new UsageError(`"${command.name}" takes nothing behind "--"`, [helpHint(command)]);
  }
  const { minimum, maximum } = command.positionals ?? { minimum: 0, maximum: 0 };
  const isPlain = others.length >= minimum && others.length <= maximum &&
    others.every((arg) => arg !== "" && !arg.startsWith("-"));
  if (isPlain) return { flags, positionals: others, passthrough };
  const { scanDoubtful } = await import("./doubtful_args.ts");
  return { flags, positionals: await scanDoubtful(command, others), passthrough };
}

/** Where to read on after a mistake. */
export function helpHint({ name }: Pick<ScannableCommand, "name">): string {
  return `"kcfg help ${name}" lists what it takes`;
}
