/** One answer: resolve, probe where asked for, print, exit status. */

import type { RunContext } from "#lib/run/context.ts";
import type { Logger } from "#lib/log/logger.ts";
import { exitNameOf, openEngines, resolvedOf, waitForEngines } from "./engines.ts";
import { type ExitName, worstOf } from "./exit_codes.ts";
import type { ResolveOptions } from "./options.ts";
import { printResolved } from "./print.ts";
import type { Resolved } from "./resolution_json.ts";

const EXIT_INTERRUPTED = 143;

/** Resolves all targets once. */
export async function resolveOnce(
  options: ResolveOptions,
  { context, log }: { readonly context: RunContext; readonly log: Logger },
): Promise<number> {
  const { clock, signal, stderr } = context;
  await using opened = await openEngines(options, { clock, log });
  const ended = await waitForEngines(opened.engines, options, { clock, signal });
  if (ended === "stopped") return EXIT_INTERRUPTED;
  const resolved = opened.engines.map((engine) => resolvedOf(engine, ended));
  const probed = options.probe === undefined
    ? resolved
    : await probeAll(resolved, options, context);
  if (options.explain) {
    const { explain } = await import("./explain.ts");
    for (const one of probed) stderr.write(explain(one));
  }
  printResolved(probed, options, context);
  return worstOf(probed.map((one) => exitName(one, options)));
}

function exitName(resolved: Resolved, { waitFor, probe }: ResolveOptions): ExitName {
  const name = exitNameOf(resolved);
  if (name !== "ok") return name;
  const usable = resolved.published?.list.usable.length ?? 0;
  if (waitFor !== undefined && usable < waitFor) return "empty";
  if (probe === undefined) return "ok";
  const results = [...resolved.probes.values()];
  const well = results.filter(({ status }) =>
    status === "SERVING" || (status === "UNIMPLEMENTED" && probe.allowUnimplemented)
  );
  return probe.policy(well.length, results.length) ? "ok" : "unhealthy";
}

async function probeAll(
  resolved: readonly Resolved[],
  options: ResolveOptions,
  { clock, signal, stderr }: RunContext,
): Promise<readonly Resolved[]> {
  const { probe: probeOptions } = options;
  if (probeOptions === undefined) return resolved;
  const { probeTarget, disagreements } = await import("./probe.ts");
  return await Promise.all(resolved.map(async (one) => {
    const probes = await probeTarget(one, probeOptions, { clock, signal });
    const probed = { ...one, probes };
    for (const line of disagreements(probed)) stderr.write(`kcfg: warning: ${line}\n`);
    return probed;
  }));
}
