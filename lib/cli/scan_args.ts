/** What the command line says: flags by name, positionals, and what stands behind `--`. */

import { rewriteArgs } from "./rewrite_args.ts";
import { helpHint, type ScannableCommand } from "./scannable_command.ts";
import { UsageError } from "./usage_error.ts";

/** What the command line said, not yet parsed. */
export interface ScannedArgs {
  /** Text of each flag that was given, by name. */
  readonly flags: Readonly<Record<string, string>>;
  readonly positionals: readonly string[];
  /** Everything behind `--`; `undefined` without it. */
  readonly passthrough: readonly string[] | undefined;
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
