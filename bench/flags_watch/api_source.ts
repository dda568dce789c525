/** What following a ConfigMap by the API costs flags-watch: its start, and its memory when nothing happens. */

import { openControlPlane } from "../../tests/support/control_plane.ts";
import { testNamespace } from "../../tests/support/control_plane/harness.ts";
import { createConfigMap } from "../kube/config_map.ts";
import { idleRssMb, say } from "../processes.ts";
import { sayStart, untilReady } from "../starts.ts";

/** Measures it on the server of `KCFG_TEST_KUBE`. */
export async function apiSource(entry: string, schema: string): Promise<void> {
  const kubeconfig = Deno.env.get("KCFG_TEST_KUBE");
  if (kubeconfig === undefined) {
    say("API source: not measured, KCFG_TEST_KUBE names no kubeconfig");
    return;
  }
  const { admin } = await openControlPlane(kubeconfig);
  await using namespace = await testNamespace(admin);
  await createConfigMap(admin, {
    namespace: namespace.name,
    name: "flags",
    data: { flag_0: "1" },
  });
  const command = [
    ...[entry, "flags-watch", "--schema", schema, `--configmap=${namespace.name}/flags`],
    ...["--kubeconfig", kubeconfig, "--config-port=127.0.0.1:0"],
  ];
  await sayStart("ready, API source", (cache) => untilReady(command, cache));
  say(`idle: flags-watch with the API source ${(await idleRssMb(command)).toFixed(1)} MiB`);
}
