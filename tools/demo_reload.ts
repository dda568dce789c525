/**
 * `deno task demo reload`: a small application under `kcfg reload`, its configuration in a ConfigMap of the embedded
 * API server. A change is a signal, a wrong one is refused, a missing server changes nothing, the end is the
 * application's.
 */

import type { KubeServer } from "../tests/support/kube_server.ts";
import { followKcfg, say, withApiServer } from "./demo_story.ts";

/** Reads its configuration at the start and at SIGHUP, as PostgreSQL or nginx do. */
const APPLICATION = `#!/bin/sh
show() { echo "application: $1, $(cat "$KCFG_CONFIG_ROOT/app.conf")"; }
trap 'show reloaded' HUP
trap 'echo "application: bye"; exit 3' TERM
show started
while :; do sleep 0.1; done
`;

/** Tells the story; 0 when everything was seen as it should be. */
export async function demoReload(): Promise<number> {
  return await withApiServer({}, async (server, saveKubeconfig) => {
    put(server, "workers = 4");
    const kubeconfig = await saveKubeconfig("demo-token");
    const folder = await Deno.makeTempDir({ prefix: "kcfg-demo-" });
    try {
      await Deno.writeTextFile(`${folder}/app.sh`, APPLICATION, { mode: 0o755 });
      return await tell(server, { kubeconfig, folder });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

async function tell(
  server: KubeServer,
  { kubeconfig, folder }: { readonly kubeconfig: string; readonly folder: string },
): Promise<number> {
  say("An API server runs inside this demo, with the ConfigMap team-a/app. The application is a");
  say("shell script that reads app.conf when it starts and at SIGHUP.");
  say("\n$ kcfg reload --configroot=config --configmap=team-a/app \\");
  say("    --validate-command='grep -q workers {dir}/app.conf' -- ./app.sh");
  const root = `${folder}/config`;
  const { child, output, log } = followKcfg([
    ...["reload", `--configroot=${root}`],
    ...["--configmap=team-a/app", "--validate-command=grep -q workers {dir}/app.conf"],
    ...["--reload-min-interval=0", "--log-format=text", "--", `${folder}/app.sh`],
  ], { env: { KUBECONFIG: kubeconfig }, onLine: (line) => say(`  ${line}`) });
  try {
    await output.until(/started, workers = 4/);
    say("\nThe files were there before the application. Somebody edits the ConfigMap:");
    put(server, "workers = 8");
    await output.until(/reloaded, workers = 8/);
    say("\nThe directory is shaped like a mounted volume, so that all files change at once:");
    for await (const { name } of Deno.readDir(root)) say(`  ${name}`);
    say("\nA slip of the finger is refused by the check, and the application never sees it:");
    put(server, "wrokers = 16");
    await log.until(/version refused/);
    say(`  app.conf is still: ${await Deno.readTextFile(`${root}/app.conf`)}`);
    say("\nThe API server goes away, the ConfigMap changes meanwhile, the server comes back:");
    await server.pause();
    await log.until(/cannot be followed/);
    put(server, "workers = 32");
    await server.resume();
    await output.until(/reloaded, workers = 32/);
    say("\nSIGTERM stops the application, and its exit status is ours:");
    child.kill("SIGTERM");
    const { code } = await child.status;
    await output.done;
    say(`\n(exit status ${code})`);
    return code === 3 ? 0 : 1;
  } catch (error) {
    say(`That was not as it should be: ${error}\n${log.text()}`);
    child.kill("SIGTERM");
    await child.status;
    return 1;
  } finally {
    await Promise.all([output.done, log.done]);
  }
}

function put(server: KubeServer, line: string): void {
  server.put({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "app", namespace: "team-a" },
    data: { "app.conf": line },
  });
}
