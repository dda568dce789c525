/** From the swap of a mounted volume to the request at the application, against a bare watcher that does it. */

import { kubeletVolume } from "../../tests/support/kubelet_volume.ts";
import { median, quantile, RUN, say } from "../processes.ts";
import { pause, startReady, startTarget, type Target } from "./fixture.ts";

const SWAPS = 60;
/** Longer than the window behind an applied change, so that each change is a lone one. */
const BETWEEN_MS = 260;
const KEYS = 10;
const KEY_BYTES = 10 * 1024;

function filesOf(version: number): Record<string, string> {
  const text = `${version} `.padEnd(KEY_BYTES, "x");
  return Object.fromEntries(Array.from({ length: KEYS }, (_, index) => [`key-${index}`, text]));
}

/** Measures both ways of kcfg, in place and with a copy, and the bare watcher, alternating. */
export async function swapLatency(folder: string, entry: string): Promise<void> {
  const volume = await kubeletVolume(folder, filesOf(0));
  await using inPlace = startTarget();
  await using copied = startTarget();
  await using bare = startTarget();
  const quick = ["--reload-min-interval=0", "--reload-on-start=never"];
  await using _inPlace = await startReady([
    ...[entry, "reload", `--volume-dir=${volume.path}`, `--reload-http=${inPlace.url}`, ...quick],
  ]);
  await using _copied = await startReady([
    ...[entry, "reload", `--volume-dir=${volume.path}`, `--configroot=${folder}/copy`],
    ...[`--reload-http=${copied.url}`, ...quick],
  ]);
  await using _bare = startBareWatcher(volume.path, bare.url);
  const targets: Readonly<Record<string, Target>> = { bare, "in place": inPlace, copied };
  const times: Record<string, number[]> = { bare: [], "in place": [], copied: [] };
  await pause(1000);
  for (let version = 1; version <= SWAPS; version++) {
    const told = Object.entries(targets).map(([name, target]) =>
      target.next().then((at) => [name, at] as const)
    );
    let startedAt = 0;
    await volume.swap(filesOf(version), () => startedAt = performance.now());
    for (const [name, at] of await Promise.all(told)) times[name]?.push(at - startedAt);
    await pause(BETWEEN_MS);
  }
  const base = median(times["bare"] ?? []);
  for (const [name, values] of Object.entries(times)) {
    say(
      `swap → POST, ${name.padEnd(9)} p50 ${median(values).toFixed(2)} ms   p99 ${
        quantile(values, 0.99).toFixed(2)
      } ms   ratio ${(median(values) / base).toFixed(2)}`,
    );
  }
}

/** What nobody can beat: a watch, and a request at the first event of the link. */
function startBareWatcher(path: string, url: string): AsyncDisposable {
  const program = `
    for await (const { paths } of Deno.watchFs(${JSON.stringify(path)}, { recursive: false })) {
      if (paths.some((one) => one.endsWith("/..data"))) {
        await (await fetch(${JSON.stringify(url)}, { method: "POST" })).body?.cancel();
      }
    }`;
  const child = new Deno.Command(Deno.execPath(), {
    args: [...RUN, `data:application/javascript,${encodeURIComponent(program)}`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}
