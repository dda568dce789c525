/** `kcfg doctor`: what configuration is used and why, whether the server answers, what is missing. */

import type { Command } from "#lib/cli/command.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import { FLAGS_WATCH_SCOPE } from "#lib/kube/declarations/flags_watch.ts";
import { RELOAD_SCOPE } from "#lib/kube/declarations/reload.ts";
import { RESOLVE_SCOPE } from "#lib/kube/declarations/resolve.ts";
import { SERVE_CONFIG_PEERS_SCOPE } from "#lib/kube/declarations/serve_config_peers.ts";
import type { ScopeDeclaration } from "#lib/kube/mod.ts";
import { createLogger } from "#lib/log/create_logger.ts";
import { interruptedExitCode } from "#lib/run/stop_request.ts";
import { nearest } from "#lib/cli/nearest.ts";
import { FLAGS, toOptions } from "./options.ts";
import type { DoctorOptions } from "./options.ts";
import { formatJson, formatText } from "./report.ts";
import type { DoctorReport } from "./report.ts";
import { scope } from "./scope.ts";

/** Declarations of the commands that talk to the API server, by command. */
const DECLARATIONS: ReadonlyMap<string, ScopeDeclaration> = new Map([
  ["doctor", scope],
  ["flags-watch", FLAGS_WATCH_SCOPE],
  ["reload", RELOAD_SCOPE],
  ["resolve", RESOLVE_SCOPE],
  // Its ring, which every replica needs; what the kube: backend and token reviews need depends on their options.
  ["serve-config", SERVE_CONFIG_PEERS_SCOPE],
]);

/** The command. */
export const command: Command<DoctorOptions, typeof FLAGS> = {
  name: "doctor",
  summary: "Check the way to the Kubernetes API server",
  description: [
    "Says which configuration is used and why, whether the server answers, who it takes us for, how far the " +
    "clocks are apart, and when certificates and tokens expire. With --check-access it asks the server " +
    "whether the rights that commands need are granted.",
    "Exit status: 0 well, 1 wrong configuration or something expired, 5 denied, 6 unreachable.",
  ],
  examples: [
    { line: "kcfg doctor", does: "examine the current context" },
    {
      line: "kcfg doctor --check-access -n team-a -o json",
      does: "and the rights in a namespace, as JSON",
    },
  ],
  flags: FLAGS,
  positionals: {
    placeholder: "COMMAND",
    brief: "Commands whose rights are checked",
    minimum: 0,
    maximum: 100,
  },
  options(resolved, scanned) {
    for (const name of scanned.positionals) {
      if (DECLARATIONS.has(name)) continue;
      const near = nearest(name, [...DECLARATIONS.keys()]);
      throw new UsageError(`No command "${name}" talks to the API server`, [
        near === undefined
          ? `known are ${[...DECLARATIONS.keys()].join(", ")}`
          : `did you mean "${near}"?`,
      ]);
    }
    return toOptions(resolved, scanned);
  },
  connectsAtStart: (options) => options.rbac === undefined,
  async permissions(options) {
    const { permissionsOf } = await import("./permissions.ts");
    return await permissionsOf(options);
  },
  async strictPermissions(options) {
    const { strictPermissionsOf } = await import("./permissions.ts");
    return await strictPermissionsOf(options);
  },
  async run(options, context) {
    if (options.rbac !== undefined) {
      const { activeRules, renderRbac } = await import("#lib/kube/mod.ts");
      const { configuredConnection } = await import("#lib/kube/deno_connection.ts");
      const home = async () => (await configuredConnection(options.kube))?.namespace ?? "default";
      const namespaces = options.namespaces.length === 0 ? [await home()] : options.namespaces;
      const rules = activeRules(scope, new Set(["identity"]));
      context.stdout.write(renderRbac(rules, { ...options.rbac, command: "doctor", namespaces }));
      return 0;
    }
    const log = createLogger(options.log, { sink: context.stderr, clock: context.clock });
    const [{ examine }, { denoPlatform }, { parseYaml }] = await Promise.all([
      import("./examine.ts"),
      import("#lib/kube/deno.ts"),
      import("#lib/format/yaml.ts"),
    ]);
    const wanted = options.commands;
    let report: DoctorReport;
    try {
      report = await examine(options, {
        platform: denoPlatform(),
        parseYaml: (text) => parseYaml(text),
        clock: context.clock,
        log,
        signal: context.signal,
        declarations: new Map(
          [...DECLARATIONS].filter(([name]) => wanted.length === 0 || wanted.includes(name)),
        ),
      });
    } catch (error) {
      const { signal } = context;
      if (signal.aborted && error === signal.reason) return interruptedExitCode(signal);
      throw error;
    } finally {
      log.flush();
    }
    context.stdout.write(options.output === "json" ? formatJson(report) : formatText(report));
    return report.exitCode;
  },
};
