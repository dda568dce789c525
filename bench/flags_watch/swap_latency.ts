/**
 * From the swap of a mounted volume to the value: for a bare watcher, in a program with the library, and for a client
 * that polls the command. One after another, each alone: whatever else the process does would be measured, too.
 */

import { denoDirectoryAccess } from "../../lib/flags/deno.ts";
import { directorySource, FlagSet, setup } from "../../lib/flags/mod.ts";
import { type KubeletVolume, kubeletVolume } from "../../tests/support/kubelet_volume.ts";
import { type BenchServer, median, quantile, say } from "../processes.ts";

const SWAPS = 100;
/** Each way has as many turns. */
const TURNS = 3;

/** Waits until a version is seen, which is swapped in meanwhile; resolves to the time. */
type Seen = (version: number) => Promise<number>;

/** Measures it; `startKcfg` serves the directory it is given. */
export async function swapLatency(
  folder: string,
  startKcfg: (directory: string) => Promise<BenchServer>,
): Promise<void> {
  const volume = await kubeletVolume(folder, { flag_0: "0" });
  const times: Record<string, number[]> = { bare: [], library: [], served: [] };
  let version = 0;
  const swaps = async (name: string, seen: Seen) => {
    for (let round = 0; round < SWAPS; round++) {
      version += 1;
      const told = seen(version);
      let startedAt = 0;
      await volume.swap({ flag_0: String(version) }, () => startedAt = performance.now());
      times[name]?.push(await told - startedAt);
    }
  };
  for (let turn = 0; turn < TURNS; turn++) {
    await swaps("bare", (wanted) => seenBare(volume, String(wanted)));
    await withLibrary(volume, (seen) => swaps("library", seen));
    await using server = await startKcfg(volume.path);
    await swaps("served", (wanted) => poll(server.port, String(wanted)));
  }
  const base = median(times["bare"] ?? []);
  for (const [name, values] of Object.entries(times)) {
    say(
      `swap → ${name.padEnd(8)} p50 ${median(values).toFixed(2)} ms   p99 ${
        quantile(values, 0.99).toFixed(2)
      } ms   ratio ${(median(values) / base).toFixed(2)}`,
    );
  }
}

async function seenBare(volume: KubeletVolume, wanted: string): Promise<number> {
  using watcher = Deno.watchFs(volume.path, { recursive: false });
  for await (const _ of watcher) {
    const text = await Deno.readTextFile(`${volume.path}/flag_0`).catch(() => "");
    if (text === wanted) return performance.now();
  }
  return NaN;
}

async function withLibrary(
  volume: KubeletVolume,
  work: (seen: Seen) => Promise<void>,
): Promise<void> {
  const flags = new FlagSet("bench");
  const flag = flags.int("flag_0", 0);
  await using _ = await setup(
    flags,
    directorySource(volume.path, { access: denoDirectoryAccess }),
  );
  await work((wanted) =>
    new Promise((resolve) => {
      const remove = flag.onChange((_, now) => {
        if (now !== wanted) return;
        remove();
        resolve(performance.now());
      }, { sync: true });
    })
  );
}

async function poll(port: number, wanted: string): Promise<number> {
  while (true) {
    const answer = await fetch(`http://127.0.0.1:${port}/flags/flag_0`);
    if (String((await answer.json()).value) === wanted) return performance.now();
  }
}
