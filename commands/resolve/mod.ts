/** `kcfg resolve`: the command's door. */

import type { Command } from "#lib/cli/command.ts";
import { createLogger } from "#lib/log/create_logger.ts";
import type { RunContext } from "#lib/run/context.ts";
import { FLAGS } from "./flag_table.ts";
import { type ResolveOptions, toOptions } from "./options.ts";

/** The command. */
export const command: Command<ResolveOptions, typeof FLAGS> = {
  name: "resolve",
  summary: "Show the endpoints of a Service as a gRPC channel would see them",
  description: [
    "Reads the EndpointSlices of a Service and prints the addresses that a channel with kcfg's resolver would " +
    "connect to; follows them, waits for them, explains them, or asks their gRPC health.",
    "Targets: SERVICE[.NAMESPACE][:PORT], NAMESPACE/SERVICE[:PORT], svc/SERVICE, and every form of the library " +
    "such as kubernetes:///web.prod:grpc. A number is the pod's port unless --port-mode says otherwise.",
    "Exit status: 0 usable addresses, 2 wrong usage, 3 none usable, 4 no such service, 5 denied, 6 unreachable, " +
    "7 unhealthy by --probe, 1 anything else.",
  ],
  examples: [
    { line: "kcfg resolve web.prod:grpc", does: "show the ready endpoints of a port" },
    { line: "kcfg resolve --all --explain web.prod", does: "say why an endpoint is not used" },
    {
      line: "kcfg resolve --wait=2 --timeout=60s web.prod:grpc",
      does: "wait in an init container until two endpoints are ready",
    },
    { line: "kcfg resolve -w -o jsonl web.prod", does: "follow changes, one JSON object a line" },
  ],
  flags: FLAGS,
  positionals: {
    placeholder: "TARGET",
    brief: "Services to resolve",
    minimum: 0,
    maximum: 1000,
  },
  options: (resolved, scanned) => toOptions(resolved, scanned),
  async permissions(options) {
    const { permissionsOf } = await import("./permissions.ts");
    return await permissionsOf(options);
  },
  async strictPermissions(options) {
    const { strictPermissionsOf } = await import("./permissions.ts");
    return await strictPermissionsOf(options);
  },
  run,
};

async function run(options: ResolveOptions, context: RunContext): Promise<number> {
  if (options.rbac !== undefined) {
    const { printRbac } = await import("./rights.ts");
    context.stdout.write(await printRbac(options, options.rbac));
    return 0;
  }
  const log = createLogger(options.log, { sink: context.stderr, clock: context.clock });
  try {
    if (options.checkAccess) {
      const { checkAccess } = await import("./rights.ts");
      return await checkAccess(options, { context, log });
    }
    if (options.watch !== undefined) {
      const { watchTargets } = await import("./watch.ts");
      return await watchTargets(options, options.watch, { context, log });
    }
    const { resolveOnce } = await import("./once.ts");
    return await resolveOnce(options, { context, log });
  } finally {
    log.flush();
  }
}
