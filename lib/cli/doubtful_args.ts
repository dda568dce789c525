/** Arguments that need explaining or completing: stricli finds what is wrong and what was probably meant. */

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
import { helpHint, type ScannableCommand } from "./scannable_command.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Positionals among `args`, from which the known flags have been taken.
 *
 * @throws {UsageError} for an unknown flag (with the near miss), or too many or too few positionals
 */
export async function scanDoubtful(
  command: ScannableCommand,
  args: readonly string[],
): Promise<readonly string[]> {
  // To stricli a word of one letter is no flag, and would become what the command works on.
  const letter = args.find((arg) => /^--[^-](?:=|$)/.test(arg));
  if (letter !== undefined) {
    throw new UsageError(`Unknown flag ${letter.slice(1).split("=", 1)[0]}`, [helpHint(command)]);
  }
  let scanned: readonly string[] | undefined;
  let failure: unknown;
  const app = scannerOf(command, {
    onScanned(positionals) {
      scanned = positionals;
    },
    onError(error) {
      failure = error;
    },
  });
  await run(app, args, { process: { stdout: DROP, stderr: DROP } });
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
  readonly onScanned: (positionals: readonly string[]) => void;
  readonly onError: (error: unknown) => void;
}

function scannerOf(command: ScannableCommand, events: ScanEvents): Application<CommandContext> {
  const shown = Object.entries(command.flags);
  const flags = Object.fromEntries(shown.map(([name, flag]) => [name, {
    kind: "parsed",
    parse: (text: string) => text,
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
    func(_flags: unknown, ...positionals: string[]) {
      events.onScanned(positionals);
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
