/** What a container needs: large updates within a limit of memory, which the kernel holds kcfg to. */

import { openControlPlane } from "../../tests/support/control_plane.ts";
import { testNamespace } from "../../tests/support/control_plane/harness.ts";
import { kubeletVolume } from "../../tests/support/kubelet_volume.ts";
import { Bare } from "../kube/bare.ts";
import { createConfigMap } from "../kube/config_map.ts";
import { memoryGroup } from "../memory_group.ts";
import { say } from "../processes.ts";
import { pause, startReady, untilBeginsWith } from "./fixture.ts";

const VOLUME_LIMIT = 45_000_000;
const API_LIMIT = 60_000_000;
const UPDATES = 1000;
const VOLUME_BYTES = 1024 * 1024;
/** An object may have 1 MiB with all that is around its values. */
const API_BYTES = 1_000_000;

/** How updates are made. */
interface Way {
  readonly name: string;
  readonly limitBytes: number;
  readonly args: readonly string[];
  /** File that begins with the number of the update. */
  readonly file: string;
  readonly bytes: number;
  update(value: string): Promise<void>;
}

/** Measures a mounted volume, and the API source where `KCFG_TEST_KUBE` names a server. */
export async function withinLimits(entry: string): Promise<void> {
  // Files in memory would count for whoever writes them.
  const folder = await Deno.makeTempDir({ prefix: "kcfg-bench-" });
  try {
    await volumeWithin(folder, entry);
    await apiWithin(folder, entry);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function volumeWithin(folder: string, entry: string): Promise<void> {
  const volume = await kubeletVolume(`${folder}/limit`, { value: "0" });
  const root = `${folder}/limit/copy`;
  await updatesWithin({
    name: "mounted volume",
    limitBytes: VOLUME_LIMIT,
    args: [entry, `--volume-dir=${volume.path}`, `--configroot=${root}`],
    file: `${root}/value`,
    bytes: VOLUME_BYTES,
    update: (value) => volume.swap({ value }),
  });
}

async function apiWithin(folder: string, entry: string): Promise<void> {
  const kubeconfig = Deno.env.get("KCFG_TEST_KUBE");
  if (kubeconfig === undefined) return;
  const { admin } = await openControlPlane(kubeconfig);
  await using namespace = await testNamespace(admin);
  await createConfigMap(admin, { namespace: namespace.name, name: "app", data: { value: "0" } });
  const writer = new Bare({ url: admin.url, caPem: admin.caPem ?? "", token: admin.token });
  const root = `${folder}/limit-api`;
  try {
    await updatesWithin({
      name: "API source",
      limitBytes: API_LIMIT,
      args: [
        ...[entry, "--kubeconfig", kubeconfig, `--configmap=${namespace.name}/app`],
        `--configroot=${root}`,
      ],
      file: `${root}/value`,
      bytes: API_BYTES,
      async update(value) {
        await writer.json(`/api/v1/namespaces/${namespace.name}/configmaps/app`, {
          method: "PATCH",
          body: JSON.stringify({ data: { value } }),
          headers: { "content-type": "application/merge-patch+json" },
        });
      },
    });
  } finally {
    writer.close();
  }
}

async function updatesWithin(
  { name, limitBytes, args, file, bytes, update }: Way,
): Promise<void> {
  const megabytes = limitBytes / 1_000_000;
  await using group = memoryGroup(limitBytes);
  if (group === undefined) {
    say(`limit, ${name}: not measured, no control group can be made here`);
    return;
  }
  await using _kcfg = await startReady([
    ...[...args, "--reload-action=none", "--fsync=false", "--debounce=0"],
    "--reload-min-interval=0",
  ], group.join);
  await pause(2000);
  const idle = group.anonymousMb();
  for (let number = 1; number <= UPDATES; number++) {
    await update(`${number} `.padEnd(bytes, "x"));
    await untilBeginsWith(file, `${number} `, () => group.kills() > 0);
    if (group.kills() > 0) {
      say(`limit, ${name}: over ${megabytes} MB in update ${number}, ended by the kernel`);
      return;
    }
  }
  await pause(2000);
  say(
    `limit, ${name}: ${UPDATES} updates of ${
      (bytes / 1_000_000).toFixed(2)
    } MB within ${megabytes} MB; all but files ${idle.toFixed(1)} MiB idle, ${
      group.anonymousMb().toFixed(1)
    } two seconds after them`,
  );
}
