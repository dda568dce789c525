/**
 * `deno task demo [COMMAND]`: kcfg at work on bundled samples, from source, with nothing to install.
 * Without a command, or with `serve-config`: a story, then a configuration server and URLs to try. The others
 * run by themselves, against an API server inside the demo, in less than a minute.
 */

import { COMMANDS } from "../commands/mod.ts";
import { dispatch } from "../lib/cli/dispatch.ts";
import { runtimePermissions } from "../lib/run/permissions.ts";
import { exitProcess, openProcess, processArgs } from "../lib/run/process.ts";

const SAMPLES = new URL("../samples", import.meta.url).pathname;

/** The usual port when it is free, else any. */
function freePort(usual: number): number {
  for (const port of [usual, 0]) {
    try {
      using listener = Deno.listen({ hostname: "127.0.0.1", port });
      return listener.addr.port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error("Cannot find a free port on 127.0.0.1");
}

async function untilHealthy(url: string, signal: AbortSignal): Promise<boolean> {
  for (let tries = 0; tries < 200 && !signal.aborted; tries++) {
    const healthy = await fetch(url).then(
      (answer) => answer.text().then(() => answer.ok),
      () => false,
    );
    if (healthy) return true;
    await new Promise<void>((resolve) => setTimeout(resolve, 25));
  }
  return false;
}

function guide(
  ports: { readonly app: number; readonly health: number; readonly metrics: number },
): string {
  const base = `http://127.0.0.1:${ports.app}`;
  return `
kcfg serve-config answers from ${SAMPLES}, asking the disk again after a second (TTL=1s).
Try, in another terminal:

  curl ${base}/deploy.yml                     a file
  curl ${base}/application.properties         another one
  curl ${base}/team-a/orders-prod.json        one in a folder
  curl -i ${base}/absent.yml                  404 not found
  curl -i --path-as-is ${base}/../../etc/hostname   400, never a file outside
  curl -I ${base}/deploy.yml                  headers: ETag, Cache-Status, Age
  curl http://127.0.0.1:${ports.health}/readyz                    readiness
  curl http://127.0.0.1:${ports.metrics}/metrics                   metrics

Change samples/deploy.yml and ask again. Ctrl-C stops it, after the requests in flight.
`;
}

async function demoServeConfig(): Promise<number> {
  const { tellSpringStory } = await import("./demo_serve_config.ts");
  if (!await tellSpringStory()) return 1;
  const ports = { app: freePort(8080), health: freePort(8888), metrics: freePort(3000) };
  const opened = await openProcess(new URL("../main.ts", import.meta.url).href);
  const { context } = opened;
  const env = { TTL: "1s", LOG_LEVEL: "warn", REFRESH: "false", ...context.env };
  const serving = dispatch([
    "serve-config",
    `--backend=dir:${SAMPLES}`,
    `--listen-addr=127.0.0.1:${ports.app}`,
    `--health-addr=127.0.0.1:${ports.health}`,
    `--metrics-addr=127.0.0.1:${ports.metrics}`,
    "--groupcache-port=:0",
  ], {
    ...opened,
    commands: COMMANDS,
    permissions: runtimePermissions,
    context: { ...context, env },
  });
  const healthy = await untilHealthy(`http://127.0.0.1:${ports.health}/readyz`, context.signal);
  if (healthy) context.stdout.write(guide(ports));
  return await serving;
}

/** Demonstrations by the name of their command. */
const DEMOS: Readonly<Record<string, () => Promise<number>>> = {
  "serve-config": demoServeConfig,
  // Loaded when asked for: these bring an API server along.
  "flags-watch": async () => await (await import("./demo_flags_watch.ts")).demoFlagsWatch(),
  reload: async () => await (await import("./demo_reload.ts")).demoReload(),
  resolve: async () => await (await import("./demo_resolve.ts")).demoResolve(),
  doctor: async () => await (await import("./demo_doctor.ts")).demoDoctor(),
};

const [name = "serve-config"] = processArgs();
const demo = Object.hasOwn(DEMOS, name) ? DEMOS[name] : undefined;
if (demo === undefined) {
  const known = Object.keys(DEMOS).join(", ");
  Deno.stderr.writeSync(
    new TextEncoder().encode(`There is no demo "${name}": there are ${known}\n`),
  );
  exitProcess(2);
}
exitProcess(await demo());
