/**
 * Running a command. Order matters here: options are parsed purely, permissions are dropped, and only then does
 * anything of the command run.
 */

import { gatherEntropy } from "#lib/run/early_entropy.ts";
import type { Grants } from "#lib/run/grants.ts";
import { describeSandbox, dropPermissions, formatNeeds } from "#lib/run/permissions.ts";
import type { PermissionHost } from "#lib/run/permissions.ts";
import { printSandboxProbe, SANDBOX_PROBE_VARIABLE } from "#lib/run/sandbox_probe.ts";
import type { Command, CommandEntry } from "./command.ts";
import { allFlags } from "./common_flags.ts";
import type { DispatchDeps } from "./dispatch_deps.ts";
import { printAlone } from "./print_alone.ts";
import { resolveFlags } from "./resolve_flags.ts";
import { scanArgs } from "./scan_args.ts";

/** Runs `command` with `args` (without its own name); resolves to the exit code. */
export async function runCommand(
  command: Command,
  args: readonly string[],
  deps: DispatchDeps & Pick<CommandEntry, "readParts">,
): Promise<number> {
  const { permissions, strict } = deps;
  const flags = allFlags(command);
  const scanned = await scanArgs({ ...command, flags }, args);
  const env = await command.resolveEnv?.(deps.context.env) ?? deps.context.env;
  const context = { ...deps.context, env };
  const resolved = resolveFlags(flags, {
    flags: scanned.flags,
    env,
    command: command.name,
    lenientEnv: command.lenientEnv ?? false,
  });
  const options = await command.options(resolved, scanned, env);
  if (command.connectsAtStart?.(options)) void gatherEntropy();
  deps.setSecondSignalExitCode(command.secondSignalExitCode ?? 1);
  const planOnly = resolved.values["print-permissions"] === true;
  if (strict.kind === "worker") {
    await checkWorker(strict.grants, permissions);
  } else if (resolved.values["sandbox"] === "strict") {
    const { formatGrants, toGrants } = await import("#lib/run/grants.ts");
    const grants = toGrants(await command.strictPermissions?.(options) ?? {});
    if (planOnly) return printAlone(formatGrants(grants), deps);
    const { launchCommand } = await import("./strict_command.ts");
    const { name, variables } = command;
    return await launchCommand({ name, args, flags, grants, variables }, { strict, context });
  } else {
    const needs = await command.permissions(options);
    if (planOnly) return printAlone(formatNeeds(needs), deps);
    if (needs.read === undefined) await deps.readParts?.();
    dropPermissions(needs, permissions);
  }
  if (resolved.values["show-sandbox"]) return await printSandbox(deps);
  const probe = context.env[SANDBOX_PROBE_VARIABLE];
  if (probe !== undefined) return await printSandboxProbe(probe, context);
  deps.keepAlive?.();
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
