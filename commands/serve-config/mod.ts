/** `kcfg serve-config`: the command's door. */

import type { Command } from "#lib/cli/command.ts";
import { variablesOf } from "#lib/cli/resolve_flags.ts";
import { formatAddress } from "#lib/http/address.ts";
import { createLogger } from "#lib/log/create_logger.ts";
import type { Logger } from "#lib/log/logger.ts";
import { aborted } from "#lib/run/aborted.ts";
import type { RunContext } from "#lib/run/context.ts";
import { processReadings } from "#lib/run/process_readings.ts";
import { FLAGS, toOptions } from "./options.ts";
import type { ServeConfigOptions } from "./options.ts";
import { asksServer, permissionsOf, strictPermissionsOf } from "./permissions.ts";
import { POD_VARIABLES } from "./ring/flags.ts";
import { TRACING_VARIABLES } from "./tracing/settings.ts";
import type { TracingSettings } from "./tracing/settings.ts";
import type { Tracer } from "./tracing/tracer.ts";
import { hasSecretReference, resolveSecretEnv } from "./secret_env.ts";

/** The command. */
export const command: Command<ServeConfigOptions, typeof FLAGS> = {
  name: "serve-config",
  summary: "Serve configuration files over HTTP from a backend behind a cache",
  description: [
    "Clients ask for a path and get the file. Objects are loaded once however many clients ask, kept within " +
    "a budget of bytes, and dropped when their file changes. A mounted ConfigMap can be served as it is.",
    "Flags and variables are those of kubeconfigserver. A malformed variable is reported and its default " +
    "used, unless --strict-env is given. SIGHUP drops everything that is kept.",
  ],
  examples: [
    {
      line: "kcfg serve-config --backend dir:/etc/config --ttl 5m",
      does: "serve a mounted ConfigMap, asking the disk again every five minutes",
    },
    {
      line: "kcfg serve-config --backend http://configs.team-a:9000/files --ttl 1m",
      does: "stand in front of a slow HTTP server",
    },
    {
      line: "kcfg serve-config --backend kube:team-a",
      does: "be the Spring Cloud Config server of the ConfigMaps in a namespace, followed by watch",
    },
    {
      line: "BACKEND=dir:/etc/config BACKEND_OPTIONS=flatten kcfg serve-config",
      does: "the same by variables, every folder of the request path dropped",
    },
  ],
  flags: FLAGS,
  lenientEnv: true,
  secondSignalExitCode: 130,
  variables: [...POD_VARIABLES, ...TRACING_VARIABLES],
  async resolveEnv(env) {
    const variables = Object.keys(FLAGS).flatMap((name) =>
      variablesOf("serve-config", name, FLAGS)
    );
    if (!hasSecretReference(env, variables)) return env;
    return await resolveSecretEnv(env, { variables, fetch });
  },
  options: (resolved, _scanned, env) => toOptions(resolved, env),
  connectsAtStart: (options) => options.rbac === undefined && asksServer(options),
  permissions: (options) => permissionsOf(options),
  strictPermissions: (options) => strictPermissionsOf(options),
  run,
};

async function run(options: ServeConfigOptions, context: RunContext): Promise<number> {
  if (options.rbac !== undefined) {
    const { printRbac } = await import("./rbac.ts");
    context.stdout.write(await printRbac(options, options.rbac));
    return 0;
  }
  const log = createLogger(options.log, { sink: context.stderr, clock: context.clock });
  // Loaded here, so that help and usage errors do not pay for the server.
  const [{ createApp }, { createUpstream }] = await Promise.all([
    import("./app.ts"),
    import("./upstream/create_upstream.ts"),
  ]);
  log.info("starting", Object.fromEntries(options.shown.map(splitOption)));
  const tracer = options.tracing && await openTracer(options.tracing, log, context);
  const app = createApp(options, {
    tracer,
    clock: context.clock,
    log,
    upstream: await createUpstream(options, {
      clock: context.clock,
      log,
      traceHeaders: tracer?.headers,
    }),
    random: Math.random,
    readings: processReadings(),
  });
  try {
    const { application, ring, health, metrics } = await app.start();
    log.info("ready", {
      listen: formatAddress(application),
      ring: formatAddress(ring),
      health: formatAddress(health),
      metrics: formatAddress(metrics),
    });
    log.flush();
    using _reload = context.onSignal("SIGHUP", () => {
      log.info("refreshed by signal", { dropped: app.refreshAll() });
    });
    await aborted(context.signal);
    log.info("stopping");
    await app.stop();
    log.info("stopped");
    return 0;
  } finally {
    log.flush();
  }
}

async function openTracer(
  settings: TracingSettings,
  log: Logger,
  { clock, stdout }: RunContext,
): Promise<Tracer> {
  for (const notice of settings.notices) log.warn(notice);
  const { createTracer } = await import("./tracing/tracer.ts");
  return createTracer(settings, { clock, log, fetch, write: (text) => stdout.write(text) });
}

function splitOption(text: string): [string, string] {
  const equals = text.indexOf("=");
  return [text.slice(0, equals), text.slice(equals + 1)];
}
