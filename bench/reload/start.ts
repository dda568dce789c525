/** From the start of the process to the first version on disk, as a multiple of an empty program's whole run. */

import { openControlPlane } from "../../tests/support/control_plane.ts";
import { testNamespace } from "../../tests/support/control_plane/harness.ts";
import { kubeletVolume } from "../../tests/support/kubelet_volume.ts";
import { Bare } from "../kube/bare.ts";
import { median, RUN, say } from "../processes.ts";

const ROUNDS = 15;

/** Measures a mounted volume, and the API source where `KCFG_TEST_KUBE` names a server. */
export async function startTimes(folder: string, entry: string): Promise<void> {
  const line = (name: string, { ours, empty }: Medians) =>
    say(
      `start → files, ${name} p50 ${ours.toFixed(1)} ms   an empty program ${
        empty.toFixed(1)
      } ms   ratio ${(ours / empty).toFixed(2)}`,
    );
  const volume = await kubeletVolume(`${folder}/start`, { "a.conf": "1" });
  let round = 0;
  /** Into a directory of its own each time. */
  const written = (...args: readonly string[]) =>
    untilWritten(entry, [...args, "--reload-action=none"], `${folder}/start/copy-${round++}`);
  line(
    "mounted volume",
    await mediansMs(() => written(`--volume-dir=${volume.path}`)),
  );
  const kubeconfig = Deno.env.get("KCFG_TEST_KUBE");
  if (kubeconfig === undefined) return;
  const { admin } = await openControlPlane(kubeconfig);
  await using namespace = await testNamespace(admin);
  const writer = new Bare({ url: admin.url, caPem: admin.caPem ?? "", token: admin.token });
  try {
    await writer.json(`/api/v1/namespaces/${namespace.name}/configmaps`, {
      method: "POST",
      body: JSON.stringify({ metadata: { name: "app" }, data: { value: "1" } }),
      headers: { "content-type": "application/json" },
    });
    const args = ["--kubeconfig", kubeconfig, `--configmap=${namespace.name}/app`];
    line("API source", await mediansMs(() => written(...args)));
  } finally {
    writer.close();
  }
}

interface Medians {
  readonly ours: number;
  readonly empty: number;
}

/** Runs `start`, which resolves to a time, and the empty program in turns: a change of the machine's speed hits both. */
async function mediansMs(start: () => Promise<number>): Promise<Medians> {
  const ours: number[] = [];
  const empty: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    empty.push(await emptyProgram());
    ours.push(await start());
  }
  return { ours: median(ours), empty: median(empty) };
}

/** Milliseconds until it says that it is ready, which is after the first version is written: whoever looks again and again takes a processor. */
async function untilWritten(
  entry: string,
  args: readonly string[],
  root: string,
): Promise<number> {
  const startedAt = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: [...RUN, entry, "reload", `--configroot=${root}`, "--log-format=json", ...args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let text = "";
  for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes('"ready"')) break;
  }
  const ms = performance.now() - startedAt;
  child.kill("SIGKILL");
  await child.status;
  return ms;
}

async function emptyProgram(): Promise<number> {
  const startedAt = performance.now();
  await new Deno.Command(Deno.execPath(), {
    args: [...RUN, "data:application/javascript,"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  return performance.now() - startedAt;
}
