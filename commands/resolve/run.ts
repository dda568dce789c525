/** One run: targets, then rights, changes or a state, each in a file of its own. */

import { openClient } from "#lib/kube/deno_client.ts";
import { configuredConnection } from "#lib/kube/deno_connection.ts";
import type { Target } from "#lib/grpc_resolver/target.ts";
import { createLogger } from "#lib/log/create_logger.ts";
import { silentLogger } from "#lib/log/logger.ts";
import type { RunContext } from "#lib/run/context.ts";
import { interruptedExitCode } from "#lib/run/stop_request.ts";
import { codeOf, highest } from "./exit_codes.ts";
import { footerOf, notesOf } from "./notes.ts";
import { resolveAll } from "./once.ts";
import type { ResolveOptions } from "./options.ts";
import { printStates } from "./print.ts";
import { checkAccess, printRbac, scopeOf } from "./rights.ts";
import { toTarget } from "./targets.ts";
import type { TargetState } from "./view.ts";

/** Does what the options say; resolves to the exit code. */
export async function run(options: ResolveOptions, context: RunContext): Promise<number> {
  const { clock, signal, stdout } = context;
  const log = createLogger(options.log, { sink: context.stderr, clock });
  const connection = await configuredConnection(options.kube.flags, { logger: log });
  const configured = options.kube.flags.namespace ?? connection?.namespace ?? "default";
  const isAboutRights = options.rbac !== undefined || options.checkAccess;
  const given = isAboutRights ? undefined : options.namespaces[0];
  const targets = options.targets.map((argument) =>
    toTarget(argument, { given, configured, port: options.port })
  );
  if (options.rbac !== undefined) {
    stdout.write(printRbac(options, options.rbac, namespacesOf(options, targets, configured)));
    return 0;
  }
  if (options.checkAccess) {
    const namespaces = namespacesOf(options, targets, configured);
    const { text, code } = await checkAccess(options, namespaces, { clock, log, signal });
    stdout.write(text);
    return code;
  }
  const scope = scopeOf(options);
  // What fails is said in the end, once; the client's own lines would say it twice.
  const isLogged = options.follow !== undefined || options.log.level !== "warn";
  const client = await openClient(options.kube, {
    ...{ command: "resolve", scope, clock, connection },
    log: isLogged ? log : silentLogger,
  });
  try {
    if (options.follow !== undefined) {
      const { followTargets } = await import("./follow.ts");
      return await followTargets(targets, options, { kube: client, log, context });
    }
    const deps = { kube: client, clock, logger: log, signal };
    const endMs = options.timeoutMs === 0 ? Infinity : clock.monotonic() + options.timeoutMs;
    const states = await resolveAll(targets, options, deps);
    return await finish(states, options, { context, endMs });
  } catch (error) {
    if (signal.aborted && error === signal.reason) return interruptedExitCode(signal);
    throw error;
  } finally {
    log.flush();
    await client.close();
  }
}

async function finish(
  resolved: readonly TargetState[],
  options: ResolveOptions,
  { context: { stdout, stderr, clock, signal }, endMs }: {
    readonly context: RunContext;
    readonly endMs: number;
  },
): Promise<number> {
  let states = resolved;
  const needed = Math.max(1, options.wait);
  const codes = states.map((state) => codeOf(state, needed));
  if (options.probe !== undefined) {
    const { probeStates } = await import("./probe.ts");
    const probed = await probeStates(states, options.probe, {
      ...{ clock, signal, all: options.all, endMs },
    });
    states = probed.states;
    stderr.write(probed.notes);
    codes.push(probed.isHealthy ? 0 : 7);
  }
  stdout.write(await printStates(states, options, clock.now()));
  if (options.explain) {
    const { explain } = await import("./explain.ts");
    stderr.write(states.map((state) => explain(state)).join("\n"));
  }
  const hasFooter = options.output === "table" || options.output === "wide";
  for (const state of states) {
    stderr.write((hasFooter ? footerOf(state) : "") + notesOf(state, needed));
  }
  return highest(codes);
}

function namespacesOf(
  { namespaces }: ResolveOptions,
  targets: readonly Target[],
  configured: string,
): readonly string[] {
  const all = [...namespaces, ...targets.map(({ namespace }) => namespace)];
  return all.length === 0 ? [configured] : [...new Set(all)];
}
