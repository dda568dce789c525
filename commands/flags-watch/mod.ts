/** `kcfg flags-watch`: the command's door. */

import type { Command } from "#lib/cli/command.ts";
import { formatAddress } from "#lib/http/address.ts";
import type { RunContext } from "#lib/run/context.ts";
import { FLAGS } from "./flag_table.ts";
import { type FlagsWatchOptions, toOptions } from "./options.ts";

/** The command. */
export const command: Command<FlagsWatchOptions, typeof FLAGS> = {
  name: "flags-watch",
  summary: "Follow typed values in a directory or ConfigMap and pass changes on",
  description: [
    "A schema declares flags with types, defaults and checks. Their values come from a mounted volume or from " +
    "ConfigMaps read through the API, one key a flag, and are served over HTTP, printed, written to a file, or " +
    "given to hooks as soon as they change. A bad value is refused and reported; the old one stays.",
    "HTTP: the listing at / for browsers and as JSON, /flags typed, /events as a stream, /metrics, /healthz, " +
    "/readyz, with --ofrep OpenFeature remote evaluation. SIGHUP reads the source again.",
    "Strongest first: HTTP until the next update, the source, --set, the variables KCFG_FLAG_<NAME>, the default.",
  ],
  examples: [
    {
      line: "kcfg flags-watch --schema schema.json --config-dir /etc/flags --config-port 8090",
      does: "serve a mounted ConfigMap's values",
    },
    {
      line: "kcfg flags-watch --schema schema.json --configmap team-a/flags -- ./reload.sh",
      does: "follow a ConfigMap without a volume and run a program after each change",
    },
    {
      line: "kcfg flags-watch --once --schema schema.json --check configmap.yaml",
      does: "check a manifest before it is deployed",
    },
  ],
  flags: FLAGS,
  takesPassthrough: true,
  options: (resolved, scanned) => toOptions(resolved, scanned),
  async permissions(options) {
    const { permissionsOf } = await import("./permissions.ts");
    return await permissionsOf(options);
  },
  run,
};

async function run(options: FlagsWatchOptions, context: RunContext): Promise<number> {
  if (options.rbac !== undefined) {
    const { printRbac } = await import("./rbac.ts");
    context.stdout.write(await printRbac(options, options.rbac));
    return 0;
  }
  // Loaded here, so that help and usage errors do not pay for the service.
  const [{ prepare }, { createSource }, { Metrics }] = await Promise.all([
    import("./prepare.ts"),
    import("./sources.ts"),
    import("#lib/metrics/metrics.ts"),
    ...(options.once ? [] : [import("./app.ts")]),
  ]);
  const { flags, log, settleLog } = await prepare(options, context);
  try {
    const metrics = new Metrics();
    const source = await createSource(options, { clock: context.clock, log, metrics });
    if (options.once) {
      const { checkOnce } = await import("./once.ts");
      // A linter is silent about what is well.
      if (options.log.level === "info") log.change({ level: "warn" });
      return await checkOnce(options, { flags, source, log, ...context });
    }
    const [{ createApp }, { processReadings }] = await Promise.all([
      import("./app.ts"),
      import("#lib/run/process_readings.ts"),
    ]);
    const { clock, stdout, env } = context;
    const readings = processReadings();
    const app = createApp(options, {
      ...{ flags, source, clock, log, metrics, readings, stdout, env },
      onSettled: settleLog,
      onReady(address) {
        log.info("ready", {
          ...(address === undefined ? {} : { listen: formatAddress(address) }),
          flags: flags.entries().length,
          source: source?.source.description,
        });
        log.flush();
      },
    });
    using _reread = context.onSignal("SIGHUP", () => {
      log.info("reading again by signal");
      app.refresh().catch((err) => log.error("reading again failed", { err }));
    });
    await app.start(context.signal);
    await aborted(context.signal);
    log.info("stopping");
    await app.stop();
    log.info("stopped");
    return 0;
  } catch (err) {
    // Asked to stop while still starting: that is no failure.
    if (context.signal.aborted && err === context.signal.reason) return 0;
    throw err;
  } finally {
    log.flush();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}
