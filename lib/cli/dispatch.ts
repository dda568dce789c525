/**
 * argv → command → exit code. Finds the command; `run_command.ts` runs it. What only some words need is loaded
 * when it is needed, because each file costs a share of the start.
 */

import type { RunContext } from "#lib/run/context.ts";
import type { CommandEntry } from "./command.ts";
import type { DispatchDeps } from "./dispatch_deps.ts";
import { printAlone } from "./print_alone.ts";
import { rootHelp } from "./root_help.ts";
import { UsageError } from "./usage_error.ts";

/** Exit code of wrong usage. */
export const EXIT_USAGE = 2;

/** First word of the question that completion scripts ask. */
const COMPLETE_WORD = "__complete";

/** compat: what image builds of another reloader ask (reload.md 2.7). */
const SHORT_VERSION = "--short-version";

/** Runs `args` (without the program's name) and resolves to the exit code; never rejects. */
export async function dispatch(args: readonly string[], deps: DispatchDeps): Promise<number> {
  try {
    return await dispatchWord(args, deps);
  } catch (error) {
    return reportFailure(error, deps.context);
  }
}

async function dispatchWord(args: readonly string[], deps: DispatchDeps): Promise<number> {
  const [word, ...rest] = args;
  if (word === undefined || isHelpFlag(word) || (word === "help" && rest[0] === undefined)) {
    return printAlone(rootHelp(deps.commands), deps);
  }
  if (word === "help") return await printHelp(rest[0] ?? "", deps);
  if (isVersionFlag(word)) return await printVersion(deps);
  if (word === COMPLETE_WORD) return await printProposals(rest, deps);
  const { load, readParts } = await findEntry(word, deps.commands);
  // Side by side: the runner is needed unless this ends in help.
  const [{ command }, { runCommand }] = await Promise.all([load(), import("./run_command.ts")]);
  const ownArgs = rest.includes("--") ? rest.slice(0, rest.indexOf("--")) : rest;
  if (ownArgs.some(isHelpFlag)) return await printHelp(word, deps);
  if (ownArgs.some(isVersionFlag)) return await printVersion(deps);
  if (ownArgs.includes(SHORT_VERSION)) return await printVersion(deps, { isShort: true });
  return await runCommand(command, rest, { ...deps, readParts });
}

async function printVersion(
  deps: DispatchDeps,
  { isShort = false }: { readonly isShort?: boolean } = {},
): Promise<number> {
  const { VERSION, versionLine } = await import("#lib/run/version.ts");
  return printAlone(`${isShort ? VERSION : versionLine()}\n`, deps);
}

async function printHelp(word: string, deps: DispatchDeps): Promise<number> {
  const { command } = await (await findEntry(word, deps.commands)).load();
  const [{ commandHelp }, { allFlags }] = await Promise.all([
    import("./help.ts"),
    import("./common_flags.ts"),
  ]);
  return printAlone(commandHelp(command, allFlags(command)), deps);
}

/** What the completion scripts ask; the words typed so far stand behind `--`. */
async function printProposals(args: readonly string[], deps: DispatchDeps): Promise<number> {
  const { complete } = await import("./completion.ts");
  const proposals = await complete(args[0] === "--" ? args.slice(1) : args, deps.commands);
  return printAlone(proposals.map((proposal) => `${proposal}\n`).join(""), deps);
}

async function findEntry(word: string, commands: readonly CommandEntry[]): Promise<CommandEntry> {
  const entry = commands.find((candidate) => candidate.name === word);
  if (entry !== undefined) return entry;
  const { nearest } = await import("./nearest.ts");
  const near = nearest(word, commands.map((candidate) => candidate.name));
  throw new UsageError(`Unknown command "${word}"`, [
    ...(near === undefined ? [] : [`did you mean "${near}"?`]),
    '"kcfg help" lists the commands',
  ]);
}

function isHelpFlag(arg: string): boolean {
  return arg === "--help" || arg === "-h" || arg === "-help";
}

function isVersionFlag(arg: string): boolean {
  return arg === "--version" || arg === "-version";
}

/** Says what went wrong on stderr; a stack trace only when `KCFG_DEBUG` is set. */
function reportFailure(error: unknown, { stderr, env }: RunContext): number {
  const message = error instanceof Error ? error.message : String(error);
  for (const line of message.split("\n")) stderr.write(`kcfg: error: ${oneLine(line)}\n`);
  const hints = (error as { hints?: unknown }).hints;
  if (Array.isArray(hints)) {
    for (const hint of hints) stderr.write(`kcfg: hint: ${oneLine(hint)}\n`);
  }
  if (env["KCFG_DEBUG"] && error instanceof Error) stderr.write(`${error.stack}\n`);
  return error instanceof UsageError ? EXIT_USAGE : 1;
}

/** Control characters of a user's own text must not reach the terminal. */
function oneLine(text: unknown): string {
  // deno-lint-ignore no-control-regex -- control characters are what is being removed
  return String(text).replace(/[\x00-\x1f\x7f-\x9f]/g, "\uFFFD");
}
