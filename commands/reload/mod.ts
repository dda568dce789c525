/** `kcfg reload`: the command's door. */

import type { Command } from "#lib/cli/command.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import { createLogger } from "#lib/log/create_logger.ts";
import type { RunContext } from "#lib/run/context.ts";
import { FLAGS } from "./flag_table.ts";
import type { ReloadOptions } from "./options.ts";
import { permissionsOf } from "./permissions.ts";
import { asksServer } from "./scope.ts";
import { toOptions } from "./to_options.ts";

/** The command. */
export const command: Command<ReloadOptions, typeof FLAGS> = {
  name: "reload",
  summary: "Keep a directory equal to ConfigMaps and reload the application",
  description: [
    "Follows ConfigMaps and Secrets through the API, or a mounted volume, writes their keys as files that change " +
    "all at once, and makes the application read them again: a program behind `--` by a signal, another container " +
    "by HTTP or by a signal in a shared PID namespace.",
    "Files are there before the application starts; nothing is reloaded before every byte of a version is on the " +
    "disk; the newest version always wins; a failed reload is tried until it works. An outage of the API changes " +
    "nothing.",
    "Exit status: that of the application (126 and 127 when it cannot be started), 0 after SIGTERM, 1 when the " +
    "start fails, 2 for wrong usage.",
  ],
  examples: [
    {
      line: "kcfg reload --configroot=/etc/postgresql --configmap=team-a/pg -- postgres -D /data",
      does: "run PostgreSQL with files of a ConfigMap, SIGHUP after each change",
    },
    {
      line:
        "kcfg reload --configroot=/mnt/config --configmap=prometheus --reload-http=http://localhost:9090/-/reload",
      does: "the same beside an application in another container",
    },
    {
      line: "kcfg reload --volume-dir=/etc/nginx/conf.d --signal-process=nginx",
      does: "watch a mounted volume and signal a process of the pod",
    },
  ],
  flags: FLAGS,
  takesPassthrough: true,
  positionals: {
    placeholder: "IGNORED",
    brief: "Ignored with a warning, as the replaced program did silently",
    minimum: 0,
    maximum: 1000,
  },
  async options(resolved, scanned, env) {
    if (resolved.values.compat === "none") return toOptions(resolved, scanned, Deno.cwd());
    const { sidecarOptions } = await import("./compat/sidecar.ts");
    return sidecarOptions(scanned, env, Deno.cwd());
  },
  connectsAtStart: (options) => options.rbac === undefined && asksServer(options),
  permissions: (options) => permissionsOf(options),
  run,
};

async function run(options: ReloadOptions, context: RunContext): Promise<number> {
  if (options.rbac !== undefined) {
    const { printRbac } = await import("./rbac.ts");
    context.stdout.write(await printRbac(options, options.rbac));
    return 0;
  }
  const log = createLogger(options.log, { sink: context.stderr, clock: context.clock });
  for (const notice of options.notices) log.warn(notice);
  if (options.equivalent !== undefined) {
    log.info("the same without --compat", { command: options.equivalent });
  }
  // Loaded here, so that help and usage errors do not pay for the service.
  const { runReload } = await import("./app.ts");
  try {
    return await runReload(options, { context, log, random: Math.random });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { exitCodeOfStart } = await import("./exit_codes.ts");
    const code = exitCodeOfStart(error);
    if (code === undefined) throw error;
    context.stderr.write(`kcfg: error: ${error instanceof Error ? error.message : error}\n`);
    return code;
  } finally {
    log.flush();
  }
}
