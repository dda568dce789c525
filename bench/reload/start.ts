/** From the start of the process to the first version on disk, which it tells by being ready. */

import { openControlPlane } from "../../tests/support/control_plane.ts";
import { testNamespace } from "../../tests/support/control_plane/harness.ts";
import { kubeletVolume } from "../../tests/support/kubelet_volume.ts";
import { createConfigMap } from "../kube/config_map.ts";
import { sayStart, untilReady } from "../starts.ts";

/** Measures a mounted volume, and the API source where `KCFG_TEST_KUBE` names a server. */
export async function startTimes(folder: string, entry: string): Promise<void> {
  const volume = await kubeletVolume(`${folder}/start`, { "a.conf": "1" });
  let round = 0;
  /** Into a directory of its own each time. */
  const written = (cache: string, ...args: readonly string[]) =>
    untilReady([
      ...[entry, "reload", `--configroot=${folder}/start/copy-${round++}`, "--log-format=json"],
      ...[...args, "--reload-action=none"],
    ], cache);
  await sayStart("files, mounted volume", (cache) => written(cache, `--volume-dir=${volume.path}`));
  const kubeconfig = Deno.env.get("KCFG_TEST_KUBE");
  if (kubeconfig === undefined) return;
  const { admin } = await openControlPlane(kubeconfig);
  await using namespace = await testNamespace(admin);
  await createConfigMap(admin, { namespace: namespace.name, name: "app", data: { value: "1" } });
  const args = ["--kubeconfig", kubeconfig, `--configmap=${namespace.name}/app`];
  await sayStart("files, API source", (cache) => written(cache, ...args));
}
