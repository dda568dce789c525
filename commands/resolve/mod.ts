/** `kcfg resolve`: the command's door. */

import type { Command } from "#lib/cli/command.ts";
import type { RunContext } from "#lib/run/context.ts";
import { FLAGS, type ResolveOptions, toOptions } from "./options.ts";

/** The command. */
export const command: Command<ResolveOptions, typeof FLAGS> = {
  name: "resolve",
  summary: "Show, follow, wait for or probe the endpoints of a Service",
  description: [
    "Prints the addresses that a gRPC channel gets from kcfg's Kubernetes resolver: all EndpointSlices merged, " +
    "ready endpoints alone, both families of a pod as one endpoint. Where slices are refused, Endpoints are read.",
    "A target is SERVICE[.NAMESPACE][:PORT], NAMESPACE/SERVICE[:PORT], svc/SERVICE[:PORT] or any " +
    "kubernetes: URI of the library. PORT is a number, the name of a port, or absent for the first one.",
    "Exit status: 0 every target has a usable address, 2 wrong usage, 3 nothing usable, 4 no such Service, " +
    "5 denied, 6 server unreachable, 7 probes failed, 1 anything else.",
  ],
  examples: [
    { line: "kcfg resolve web.prod:grpc", does: "print what a channel to this target gets" },
    {
      line: "kcfg resolve web.prod --all -o wide",
      does: "every endpoint, with the reason it is not used",
    },
    {
      line: "kcfg resolve --watch -o jsonl web.prod",
      does: "follow changes, one JSON object a line",
    },
    {
      line: "kcfg resolve --wait=2 web.prod:grpc",
      does: "wait for two addresses, in an init container",
    },
    { line: "kcfg resolve --probe web.prod:grpc", does: "and ask each one for its health" },
  ],
  flags: FLAGS,
  positionals: {
    placeholder: "TARGET",
    brief: "Services, SERVICE[.NAMESPACE][:PORT] or kubernetes: URIs",
    minimum: 0,
    maximum: 1000,
  },
  options: (resolved, scanned) => toOptions(resolved, scanned),
  connectsAtStart: (options) => options.rbac === undefined,
  async permissions(options) {
    const { permissionsOf } = await import("./permissions.ts");
    return await permissionsOf(options);
  },
  async strictPermissions(options) {
    const { strictPermissionsOf } = await import("./permissions.ts");
    return await strictPermissionsOf(options);
  },
  async run(options: ResolveOptions, context: RunContext): Promise<number> {
    // Loaded here, so that help and usage errors do not pay for the client.
    const { run } = await import("./run.ts");
    return await run(options, context);
  },
};
