/** What waiting costs: resident memory idle, beside foreign objects, and after many large updates. */

import { openControlPlane } from "../../tests/support/control_plane.ts";
import { testNamespace } from "../../tests/support/control_plane/harness.ts";
import { kubeletVolume } from "../../tests/support/kubelet_volume.ts";
import { Bare } from "../kube/bare.ts";
import { cpuSeconds, idleRssMb, rssMb, say } from "../processes.ts";
import { pause, startReady, untilBeginsWith } from "./fixture.ts";

const FOREIGN = 20;
const FOREIGN_BYTES = 900_000;
const UPDATES = 1000;
const UPDATE_BYTES = 1024 * 1024;
const IDLE_SECONDS = 5;
const API_UPDATES = 200;
/** An object may have 1 MiB with all that is around its values. */
const API_UPDATE_BYTES = 1_000_000;

/** Measures all of them. */
export async function memory(folder: string, entry: string): Promise<void> {
  const waiting = new URL("../waiting.ts", import.meta.url).pathname;
  const empty = await idleRssMb([waiting]);
  const line = (name: string, mb: number) =>
    say(`memory, ${name.padEnd(44)} ${mb.toFixed(1)} MiB, ${(mb - empty).toFixed(1)} more`);
  line("a program that waits", empty);
  const volume = await kubeletVolume(`${folder}/memory`, { "a.conf": "1" });
  const sidecar = [
    ...[entry, "reload", `--volume-dir=${volume.path}`, `--configroot=${folder}/memory/copy`],
    ...["--reload-action=none", "--fsync=false", "--debounce=0", "--reload-min-interval=0"],
  ];
  line("mounted volume, idle", await idleRssMb(sidecar));
  await using kcfg = await startReady(sidecar.filter((word) => word !== "reload"));
  const cpuBefore = cpuSeconds(kcfg.pid);
  await pause(IDLE_SECONDS * 1000);
  const share = (cpuSeconds(kcfg.pid) - cpuBefore) / IDLE_SECONDS * 100;
  say(`processor, mounted volume, idle ${share.toFixed(2)} % of a core`);
  for (let update = 1; update <= UPDATES; update++) {
    const text = `${update} `.padEnd(UPDATE_BYTES, "x");
    await volume.swap({ "a.conf": text });
    await untilBeginsWith(`${folder}/memory/copy/a.conf`, `${update} `);
    if (update % (UPDATES / 4) === 0) line(`after ${update} updates of 1 MiB`, rssMb(kcfg.pid));
  }
  await pause(2000);
  line("two seconds later", rssMb(kcfg.pid));
  await besideOthers(folder, entry, line);
}

async function besideOthers(
  folder: string,
  entry: string,
  line: (name: string, mb: number) => void,
): Promise<void> {
  const kubeconfig = Deno.env.get("KCFG_TEST_KUBE");
  if (kubeconfig === undefined) return;
  const { admin } = await openControlPlane(kubeconfig);
  await using namespace = await testNamespace(admin);
  const writer = new Bare({ url: admin.url, caPem: admin.caPem ?? "", token: admin.token });
  const create = (name: string, bytes: number) =>
    writer.json(`/api/v1/namespaces/${namespace.name}/configmaps`, {
      method: "POST",
      body: JSON.stringify({ metadata: { name }, data: { value: "x".repeat(bytes) } }),
      headers: { "content-type": "application/json" },
    });
  try {
    await create("app", 100);
    const args = [
      ...[entry, "reload", "--kubeconfig", kubeconfig, `--configmap=${namespace.name}/app`],
      ...[`--configroot=${folder}/memory/api`, "--reload-action=none"],
    ];
    line("API source, idle", await idleRssMb(args));
    for (let index = 0; index < FOREIGN; index++) await create(`foreign-${index}`, FOREIGN_BYTES);
    line(`API source, beside ${FOREIGN} of 0.9 MB`, await idleRssMb(args));
    const root = `${folder}/memory/updated`;
    await using kcfg = await startReady([
      ...[entry, "--kubeconfig", kubeconfig, `--configmap=${namespace.name}/app`],
      ...[`--configroot=${root}`, "--reload-action=none", "--fsync=false", "--debounce=0"],
      "--reload-min-interval=0",
    ]);
    for (let update = 1; update <= API_UPDATES; update++) {
      const value = `${update} `.padEnd(API_UPDATE_BYTES, "x");
      await writer.json(`/api/v1/namespaces/${namespace.name}/configmaps/app`, {
        method: "PATCH",
        body: JSON.stringify({ data: { value } }),
        headers: { "content-type": "application/merge-patch+json" },
      });
      await untilBeginsWith(`${root}/value`, `${update} `);
      if (update % (API_UPDATES / 4) === 0) {
        line(`API source, after ${update} updates of 1 MB`, rssMb(kcfg.pid));
      }
    }
    await pause(2000);
    line("two seconds later", rssMb(kcfg.pid));
  } finally {
    writer.close();
  }
}
