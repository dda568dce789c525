/**
 * `deno task demo flags-watch`: a ConfigMap on the embedded API server changes, and the change is seen on stdout and
 * over HTTP; a bad value is refused, a missing server changes nothing.
 */

import type { KubeServer } from "../tests/support/kube_server.ts";
import { followKcfg, say, withApiServer } from "./demo_story.ts";

const SCHEMA = {
  set: "checkout",
  flags: {
    rate_limit: { type: "int", default: 100, min: 1, max: 10_000, usage: "requests per second" },
    timeout: { type: "duration", default: "5s", max: "1m" },
    features: { type: "string-set", default: ["fast_index"] },
  },
};

/** Tells the story; 0 when everything was seen as it should be. */
export async function demoFlagsWatch(): Promise<number> {
  return await withApiServer({}, async (server, saveKubeconfig) => {
    put(server, { rate_limit: "250", timeout: "2s" });
    const kubeconfig = await saveKubeconfig("demo-token");
    const schema = await Deno.makeTempFile({ suffix: ".json" });
    try {
      await Deno.writeTextFile(schema, JSON.stringify(SCHEMA));
      return await tell(server, { kubeconfig, schema });
    } finally {
      await Deno.remove(schema);
    }
  });
}

async function tell(
  server: KubeServer,
  { kubeconfig, schema }: { readonly kubeconfig: string; readonly schema: string },
): Promise<number> {
  say(
    "An API server runs inside this demo, with the ConfigMap team-a/flags. A schema declares the",
  );
  say("flags: rate_limit (1 to 10000), timeout (at most 1m), features (a set).");
  say(
    "\n$ kcfg flags-watch --schema schema.json --configmap team-a/flags --config-port 127.0.0.1:0",
  );
  const { child, output, log } = followKcfg([
    "flags-watch",
    ...["--schema", schema, "--configmap=team-a/flags", "--config-port=127.0.0.1:0"],
    ...["--output=text", "--logger-json=false"],
  ], { env: { KUBECONFIG: kubeconfig }, onLine: (line) => say(`  ${line}`) });
  try {
    await log.until(/ ready /);
    const base = `http://${/ listen=(\S+)/.exec(log.text())?.[1]}`;
    await output.until(/timeout = 2s/);
    say(
      "\nSomebody edits the ConfigMap; the value is there at once, not after the kubelet's minute:",
    );
    put(server, { rate_limit: "300", timeout: "2s", features: "fast_index,new_cart" });
    await output.until(/rate_limit 250 -> 300/);
    say(`\n$ curl ${base}/flags/rate_limit`);
    say(await (await fetch(`${base}/flags/rate_limit`)).text());
    say("A slip of the finger is refused, and the rest of the update counts:");
    put(server, { rate_limit: "30000", timeout: "3s", features: "fast_index,new_cart" });
    await output.until(/rate_limit refused/);
    const { value, error } = await (await fetch(`${base}/flags/rate_limit`)).json();
    say(`\nrate_limit is still ${value}, and /flags/rate_limit says why: ${error}`);
    say("\nThe API server goes away; the values stay, and the process stays ready:");
    await server.pause();
    const ready = await fetch(`${base}/readyz`);
    const kept = (await (await fetch(`${base}/flags`)).json()).flags;
    say(`  ${ready.status} ${await ready.text()}\n  ${JSON.stringify(kept)}`);
    child.kill("SIGTERM");
    const { code } = await child.status;
    const isWell = code === 0 && value === 300 && ready.status === 200 && kept.timeout === "3s";
    say(`\n(exit status ${code} after SIGTERM)`);
    say(
      isWell
        ? "A browser shows a page at that address, which follows by itself."
        : "That was not as it should be.",
    );
    return isWell ? 0 : 1;
  } catch (error) {
    say(`That was not as it should be: ${error}\n${log.text()}`);
    child.kill("SIGKILL");
    await child.status;
    return 1;
  } finally {
    await Promise.all([output.done, log.done]);
  }
}

function put(server: KubeServer, data: Readonly<Record<string, string>>): void {
  server.put({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "flags", namespace: "team-a" },
    data: { ...data },
  });
}
