/**
 * argv → command → exit code. Order matters here: options are parsed purely, permissions are dropped, and
 * only then does anything of the command run.
 */

import { describeSandbox, dropPermissions, formatNeeds } from "#lib/run/permissions.ts";
import type { PermissionHost } from "#lib/run/permissions.ts";
import type { Grants } from "#lib/run/grants.ts";
import { printSandboxProbe, SANDBOX_PROBE_VARIABLE } from "#lib/run/sandbox_probe.ts";
import type { StrictHalf } from "#lib/run/strict_sandbox.ts";
import { versionLine } from "#lib/run/version.ts";
import type { RunContext } from "#lib/run/context.ts";
import type { Command, CommandEntry } from "./command.ts";
import { allFlags } from "./common_flags.ts";
import { commandHelp, rootHelp } from "./help.ts";
import { resolveFlags } from "./resolve_flags.ts";
import { nearest } from "./nearest.ts";
import { UsageError } from "./usage_error.ts";

/** What the dispatcher needs besides the arguments. */
export interface DispatchDeps {
  readonly commands: readonly CommandEntry[];
  readonly permissions: PermissionHost;
  readonly context: RunContext;
  /** Which half of the strict sandbox this isolate is. */
  readonly strict: StrictHalf;
  /** Tells the signal handling which exit code a second signal gives. */
  setSecondSignalExitCode(code: number): void;
}

/** Exit code of wrong usage. */
export const EXIT_USAGE = 2;

/** First word of the question that completion scripts ask. */
const COMPLETE_WORD = "__complete";

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
  if (isVersionFlag(word)) return printAlone(`${versionLine()}\n`, deps);
  if (word === COMPLETE_WORD) return await printProposals(rest, deps);
  const command = await loadCommand(word, deps.commands);
  const ownArgs = rest.includes("--") ? rest.slice(0, rest.indexOf("--")) : rest;
  if (ownArgs.some(isHelpFlag)) return await printHelp(word, deps);
  if (ownArgs.some(isVersionFlag)) return printAlone(`${versionLine()}\n`, deps);
  return await runCommand(command, rest, deps);
}

async function runCommand(
  command: Command,
  args: readonly string[],
  deps: DispatchDeps,
): Promise<number> {
  const { context, permissions, strict } = deps;
  const flags = allFlags(command);
  // Loaded here, so that help and version do not pay for the scanner.
  const { scanArgs } = await import("./scan_args.ts");
  const scanned = await scanArgs({ ...command, flags }, args);
  const resolved = resolveFlags(flags, {
    flags: scanned.flags,
    env: context.env,
    command: command.name,
    lenientEnv: command.lenientEnv ?? false,
  });
  const options = command.options(resolved, scanned, context.env);
  deps.setSecondSignalExitCode(command.secondSignalExitCode ?? 1);
  const planOnly = resolved.values["print-permissions"] === true;
  if (strict.kind === "worker") {
    await checkWorker(strict.grants, permissions);
  } else if (resolved.values["sandbox"] === "strict") {
    const { formatGrants, toGrants } = await import("#lib/run/grants.ts");
    const grants = toGrants(await command.strictPermissions?.(options) ?? {});
    if (planOnly) return printAlone(formatGrants(grants), deps);
    const { launchCommand } = await import("./strict_command.ts");
    return await launchCommand({ name: command.name, args, flags, grants }, { strict, context });
  } else {
    const needs = await command.permissions(options);
    if (planOnly) return printAlone(formatNeeds(needs), deps);
    dropPermissions(needs, permissions);
  }
  if (resolved.values["show-sandbox"]) return await printSandbox(deps);
  const probe = context.env[SANDBOX_PROBE_VARIABLE];
  if (probe !== undefined) return await printSandboxProbe(probe, context);
  return await command.run(options, context);
}

/** The worker got its permissions at its start; here it makes sure of them. */
async function checkWorker(grants: Grants, permissions: PermissionHost): Promise<void> {
  const { findBroader } = await import("#lib/run/grants.ts");
  const broader = findBroader(grants, permissions);
  if (broader.length === 0) return;
  throw new Error(
    `Cannot keep the strict sandbox: the runtime allows more than computed: ${broader.join(", ")}`,
  );
}

async function printSandbox({ context, permissions, strict }: DispatchDeps): Promise<number> {
  const sandbox = strict.kind === "launcher"
    ? describeSandbox(permissions)
    : (await import("#lib/run/grants.ts")).describeGrants(strict.grants, permissions);
  context.stdout.write(`${JSON.stringify(sandbox, null, 2)}\n`);
  return 0;
}

/** Prints and stops; nothing runs, so nothing is kept. */
function printAlone(text: string, { context, permissions }: DispatchDeps): number {
  dropPermissions({}, permissions);
  context.stdout.write(text);
  return 0;
}

async function printHelp(word: string, deps: DispatchDeps): Promise<number> {
  const command = await loadCommand(word, deps.commands);
  return printAlone(commandHelp(command, allFlags(command)), deps);
}

/** What the completion scripts ask; the words typed so far stand behind `--`. */
async function printProposals(args: readonly string[], deps: DispatchDeps): Promise<number> {
  const { complete } = await import("./completion.ts");
  const proposals = await complete(args[0] === "--" ? args.slice(1) : args, deps.commands);
  return printAlone(proposals.map((proposal) => `${proposal}\n`).join(""), deps);
}

async function loadCommand(word: string, commands: readonly CommandEntry[]): Promise<Command> {
  const entry = commands.find((candidate) => candidate.name === word);
  if (entry !== undefined) return (await entry.load()).command;
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
  stderr.write(`kcfg: error: ${oneLine(message)}\n`);
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
