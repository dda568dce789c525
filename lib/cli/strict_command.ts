/**
 * A command under `--sandbox=strict`, in the launcher: what exactly it may have, which variables it gets, and
 * the start of its worker.
 */

import type { RunContext } from "#lib/run/context.ts";
import type { Grants } from "#lib/run/grants.ts";
import { printSandboxProbe, SANDBOX_PROBE_VARIABLE } from "#lib/run/sandbox_probe.ts";
import type { StrictHalf } from "#lib/run/strict_sandbox.ts";
import type { FlagTable } from "./flag.ts";
import { variablesOf } from "./resolve_flags.ts";

/** A command line that was understood. */
export interface StrictCommand {
  readonly name: string;
  /** Arguments behind the command's name. */
  readonly args: readonly string[];
  readonly flags: FlagTable;
  readonly grants: Grants;
  /** Variables beside those of the flags that it reads. */
  readonly variables?: readonly string[] | undefined;
}

/** In front of a probe that the launcher shall try instead of the worker. */
const LAUNCHER_PROBE = "launcher:";

/** Runs the command in a worker with its grants; resolves to the exit code. */
export async function launchCommand(
  strictCommand: StrictCommand,
  { strict, context }: {
    readonly strict: Extract<StrictHalf, { readonly kind: "launcher" }>;
    readonly context: RunContext;
  },
): Promise<number> {
  const { name, args, grants } = strictCommand;
  const env = strictEnv(strictCommand, context.env);
  const probe = env[SANDBOX_PROBE_VARIABLE] ?? "";
  if (!probe.startsWith(LAUNCHER_PROBE)) {
    return await strict.launch({ args: [name, ...args], env, grants }, context);
  }
  delete env[SANDBOX_PROBE_VARIABLE];
  return await strict.launch({
    args: [name, ...args],
    env,
    grants,
    whenEnclosed: () => printSandboxProbe(probe.slice(LAUNCHER_PROBE.length), context),
  }, context);
}

/** The variables that the worker is told: those of flags, those it may read, and the documented hooks. */
export function strictEnv(
  { name, flags, grants, variables = [] }: Omit<StrictCommand, "args">,
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  const names = new Set([
    ...Object.keys(flags).flatMap((flag) => variablesOf(name, flag, flags)),
    ...grants.env,
    ...variables,
    "KCFG_DEBUG",
    SANDBOX_PROBE_VARIABLE,
  ]);
  return Object.fromEntries(Object.entries(env).filter(([variable]) => names.has(variable)));
}
