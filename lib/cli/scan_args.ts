/** The argument scanner: stricli finds flags and positionals and suggests what was probably meant. */

import {
  ArgumentScannerError,
  buildApplication,
  buildCommand,
  FlagNotFoundError,
  proposeCompletions,
  run,
  text_en,
  UnexpectedPositionalError,
  UnsatisfiedPositionalError,
} from "@stricli/core";
import type { Application, CommandContext } from "@stricli/core";
import type { FlagTable } from "./flag.ts";
import { decodeValue, rewriteArgs } from "./rewrite_args.ts";
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
 * Splits `args` into flags, positionals and what stands behind `--`.
 *
 * @throws {UsageError} for an unknown flag (with the near miss), a missing value, too many or too few
 * positionals, or a `--` the command has no use for
 */
export async function scanArgs(
  command: ScannableCommand,
  args: readonly string[],
): Promise<ScannedArgs> {
  const rewritten = rewriteArgs(args, command.flags);
  if (rewritten.passthrough !== undefined && command.takesPassthrough !== true) {
    throw new UsageError(`"${command.name}" takes nothing behind "--"`, [helpHint(command)]);
  }
  let scanned: ScannedArgs | undefined;
  let failure: unknown;
  const app = scannerOf(command, {
    onScanned(flags, positionals) {
      scanned = { flags, positionals, passthrough: rewritten.passthrough };
    },
    onError(error) {
      failure = error;
    },
  });
  await run(app, rewritten.args, { process: { stdout: DROP, stderr: DROP } });
  if (scanned !== undefined) return scanned;
  throw toUsageError(failure, command);
}

/** Completions for the last of `args`, which may be empty or half typed. */
export async function proposeArgs(
  command: ScannableCommand,
  args: readonly string[],
): Promise<readonly string[]> {
  const app = scannerOf(command, { onScanned() {}, onError() {} });
  const proposals = await proposeCompletions(app, args, {
    process: { stdout: DROP, stderr: DROP },
  });
  return proposals.map((proposal) => proposal.completion)
    .filter((completion) => !isHidden(command, completion.slice(2)));
}

const DROP = { write() {} };

interface ScanEvents {
  readonly onScanned: (flags: Record<string, string>, positionals: readonly string[]) => void;
  readonly onError: (error: unknown) => void;
}

function scannerOf(command: ScannableCommand, events: ScanEvents): Application<CommandContext> {
  const shown = Object.entries(command.flags);
  const flags = Object.fromEntries(shown.map(([name, flag]) => [name, {
    kind: "parsed",
    parse: decodeValue,
    brief: flag.brief,
    optional: true,
    hidden: flag.hidden === true || flag.unavailable !== undefined,
    ...(flag.choices && { proposeCompletions: () => [...flag.choices ?? []] }),
  }]));
  const { positionals } = command;
  const definition = {
    docs: { brief: command.summary },
    parameters: {
      flags,
      positional: {
        kind: "array",
        minimum: positionals?.minimum ?? 0,
        maximum: positionals?.maximum ?? 0,
        parameter: {
          placeholder: positionals?.placeholder ?? "ARGUMENT",
          brief: positionals?.brief ?? "",
          parse: (text: string) => text,
        },
      },
    },
    func(given: Record<string, string | undefined>, ...rest: string[]) {
      const present = Object.entries(given).filter((entry): entry is [string, string] =>
        entry[1] !== undefined
      );
      events.onScanned(Object.fromEntries(present), rest);
    },
  };
  // The table is only known at run time, so stricli's compile-time matching of names to types cannot apply.
  const built = buildCommand(definition as unknown as Parameters<typeof buildCommand>[0]);
  return buildApplication(built as Parameters<typeof buildApplication>[0], {
    name: command.name,
    localization: {
      text: {
        ...text_en,
        exceptionWhileParsingArguments(error: unknown) {
          events.onError(error);
          return "";
        },
      },
    },
  }) as Application<CommandContext>;
}

function toUsageError(failure: unknown, command: ScannableCommand): unknown {
  if (failure instanceof FlagNotFoundError) {
    const known = failure.corrections.filter((name) => !isHidden(command, name));
    const near = known.map((name) => `--${name}`).join(" or ");
    return new UsageError(`Unknown flag --${failure.input}`, [
      ...(near === "" ? [] : [`did you mean ${near}?`]),
      helpHint(command),
    ]);
  }
  if (failure instanceof UnexpectedPositionalError) {
    return new UsageError(`Unexpected argument "${failure.input}"`, [helpHint(command)]);
  }
  if (failure instanceof UnsatisfiedPositionalError) {
    const placeholder = command.positionals?.placeholder ?? "ARGUMENT";
    return new UsageError(`Missing argument ${placeholder}`, [helpHint(command)]);
  }
  if (failure instanceof ArgumentScannerError) {
    return new UsageError(failure.message, [helpHint(command)], { cause: failure });
  }
  return failure;
}

function isHidden(command: ScannableCommand, name: string): boolean {
  const flag = command.flags[name];
  return flag?.hidden === true || flag?.unavailable !== undefined;
}

function helpHint(command: ScannableCommand): string {
  return `"kcfg help ${command.name}" lists what it takes`;
}
