/** From the swap of a mounted volume to the request at the application, against a bare watcher that does it. */

import { kubeletVolume } from "../../tests/support/kubelet_volume.ts";
import { median, quantile, runArgs, say } from "../processes.ts";
import { pause, startReady, startTarget } from "./fixture.ts";

const SWAPS = 60;
/** Longer than the window behind an applied change, so that each change is a lone one. */
const BETWEEN_MS = 260;
const KEYS = 10;
const KEY_BYTES = 10 * 1024;

function filesOf(version: number): Record<string, string> {
  const text = `${version} `.padEnd(KEY_BYTES, "x");
  return Object.fromEntries(Array.from({ length: KEYS }, (_, index) => [`key-${index}`, text]));
}

/** Measures both ways of kcfg, in place and with a copy, and the bare watcher; each alone on the machine. */
export async function swapLatency(folder: string, entry: string): Promise<void> {
  const volume = await kubeletVolume(folder, filesOf(0));
  await using target = startTarget();
  const kcfg = [
    ...[entry, `--volume-dir=${volume.path}`, `--reload-http=${target.url}`],
    ...["--reload-min-interval=0", "--reload-on-start=never"],
  ];
  const starts: Readonly<Record<string, () => AsyncDisposable | Promise<AsyncDisposable>>> = {
    bare: () => startBareWatcher(volume.path, target.url),
    "in place": () => startReady(kcfg),
    copied: () => startReady([...kcfg, `--configroot=${folder}/copy`]),
  };
  let base: number | undefined;
  for (const [name, start] of Object.entries(starts)) {
    await using _running = await start();
    await pause(1000);
    const times: number[] = [];
    for (let version = 1; version <= SWAPS; version++) {
      const told = target.next();
      let startedAt = 0;
      await volume.swap(filesOf(version), () => startedAt = performance.now());
      times.push(await told - startedAt);
      await pause(BETWEEN_MS);
    }
    base ??= median(times);
    say(
      `swap → POST, ${name.padEnd(9)} p50 ${median(times).toFixed(2)} ms   p99 ${
        quantile(times, 0.99).toFixed(2)
      } ms   ratio ${(median(times) / base).toFixed(2)}`,
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
    args: runArgs([`data:application/javascript,${encodeURIComponent(program)}`]),
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
