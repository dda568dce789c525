/** `kcfg flags-watch`: the command's door. */

import type { Command } from "#lib/cli/command.ts";
import type { RunContext } from "#lib/run/context.ts";
import { FLAGS } from "./flag_table.ts";
import { type FlagsWatchOptions, toOptions } from "./options.ts";
import { permissionsOf } from "./permissions.ts";
import { asksServer } from "./scope.ts";

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
    "Hooks get every flag as KCFG_FLAG_<NAME>, and the update with old and new values as JSON. A value too large for a " +
    "variable (128 KiB, and 512 KiB for all), or with a zero byte, is left out there, and the flag named in KCFG_FLAGS_OMITTED.",
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
  connectsAtStart: (options) => options.rbac === undefined && asksServer(options),
  permissions: (options) => permissionsOf(options),
  async run(options: FlagsWatchOptions, context: RunContext): Promise<number> {
    if (options.rbac !== undefined) {
      const { printRbac } = await import("./rbac.ts");
      context.stdout.write(await printRbac(options, options.rbac));
      return 0;
    }
    // Loaded here, so that help and usage errors do not pay for the service.
    const { run } = await import("./run.ts");
    return await run(options, context);
  },
};
