/**
 * `deno task bench:flags`: flags-watch and the flags library against the simplest thing that could do the job, in
 * the same run. Prints a table; judges nothing. The parts on an API server need `KCFG_TEST_KUBE`, a kubeconfig.
 */

import { bundle } from "../tools/bundle.ts";
import { kubeletVolume } from "../tests/support/kubelet_volume.ts";
import { denoDirectoryAccess } from "../lib/flags/deno.ts";
import { directorySource, FlagSet, setup } from "../lib/flags/mod.ts";
import { apiSource } from "./flags_watch/api_source.ts";
import { patchLatency } from "./flags_watch/patch_latency.ts";
import { streamClients } from "./flags_watch/stream_clients.ts";
import { hammer } from "./hammer.ts";
import {
  type BenchServer,
  freePort,
  idleRssMb,
  median,
  quantile,
  rssMb,
  say,
  startBare,
  startServer,
} from "./processes.ts";

const SWAPS = 300;
const ROUNDS = 5;
const SECONDS = 3;
const FLAGS = 20;
const CLIENTS = 1000;

const schema = {
  flags: Object.fromEntries(
    Array.from({ length: FLAGS }, (_, index) => [`flag_${index}`, { type: "int", default: index }]),
  ),
};

async function writeSchema(folder: string): Promise<string> {
  const file = `${folder}/schema.json`;
  await Deno.writeTextFile(file, JSON.stringify(schema));
  return file;
}

async function startKcfg(entry: string, folder: string, config: string): Promise<BenchServer> {
  const port = freePort();
  const file = await writeSchema(folder);
  return await startServer([
    ...[entry, "flags-watch", "--schema", file, "--config-dir", config],
    `--config-port=127.0.0.1:${port}`,
  ], port);
}

/** How long after a swap a bare watcher, a program with the library, and an HTTP client see the value. */
async function swapLatency(folder: string, entry: string): Promise<void> {
  const volume = await kubeletVolume(folder, { flag_0: "0" });
  const flags = new FlagSet("bench");
  const flag = flags.int("flag_0", 0);
  await using _ = await setup(
    flags,
    directorySource(volume.path, { access: denoDirectoryAccess }),
  );
  await using server = await startKcfg(entry, folder, volume.path);
  const bare: number[] = [];
  const library: number[] = [];
  const served: number[] = [];
  for (let version = 1; version <= SWAPS; version++) {
    const wanted = String(version);
    using watcher = Deno.watchFs(volume.path, { recursive: false });
    const seenBare = (async () => {
      for await (const _ of watcher) {
        const text = await Deno.readTextFile(`${volume.path}/flag_0`).catch(() => "");
        if (text === wanted) return performance.now();
      }
      return NaN;
    })();
    const seenByLibrary = new Promise<number>((resolve) => {
      const remove = flag.onChange((_, now) => {
        if (now !== version) return;
        remove();
        resolve(performance.now());
      }, { sync: true });
    });
    const seenServed = poll(server.port, wanted);
    let startedAt = 0;
    await volume.swap({ flag_0: wanted }, () => startedAt = performance.now());
    bare.push(await seenBare - startedAt);
    library.push(await seenByLibrary - startedAt);
    served.push(await seenServed - startedAt);
  }
  for (const [name, values] of Object.entries({ bare, library, served })) {
    say(
      `swap → ${name.padEnd(8)} p50 ${median(values).toFixed(2)} ms   p99 ${
        quantile(values, 0.99).toFixed(2)
      } ms   ratio ${(median(values) / median(bare)).toFixed(2)}`,
    );
  }
}

async function poll(port: number, wanted: string): Promise<number> {
  while (true) {
    const answer = await fetch(`http://127.0.0.1:${port}/flags/flag_0`);
    if (String((await answer.json()).value) === wanted) return performance.now();
  }
}

async function listRate(folder: string, entry: string): Promise<void> {
  const config = `${folder}/list`;
  await Deno.mkdir(config);
  await using kcfg = await startKcfg(entry, folder, config);
  const { byteLength } = await (await fetch(`http://127.0.0.1:${kcfg.port}/debug/flags`))
    .arrayBuffer();
  await using bare = await startBare(byteLength);
  for (const connections of [1, 16]) {
    const rates = { kcfg: [] as number[], bare: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, { port }] of Object.entries({ kcfg, bare })) {
        const paths = ["/debug/flags"];
        const { requests, seconds } = await hammer({ port, paths, connections, seconds: SECONDS });
        rates[name as keyof typeof rates].push(requests / seconds);
      }
    }
    const [ours, theirs] = [median(rates.kcfg), median(rates.bare)];
    say(
      `list of ${FLAGS} flags, ${connections} connections: ${ours.toFixed(0)}/s, bare ${
        theirs.toFixed(0)
      }/s, ratio ${(ours / theirs).toFixed(2)}`,
    );
  }
  say(`resident after that: ${rssMb(kcfg.pid).toFixed(1)} MiB`);
}

/** Nobody asked anything yet; the empty program waits on a timer. */
async function idleMemory(folder: string, entry: string): Promise<void> {
  const config = `${folder}/idle`;
  await Deno.mkdir(config);
  const file = await writeSchema(folder);
  const programs = {
    "flags-watch": [
      ...[entry, "flags-watch", "--schema", file, "--config-dir", config],
      "--config-port=127.0.0.1:0",
    ],
    empty: [new URL("waiting.ts", import.meta.url).pathname],
  };
  const sizes: string[] = [];
  for (const [name, args] of Object.entries(programs)) {
    sizes.push(`${name} ${(await idleRssMb(args)).toFixed(1)} MiB`);
  }
  say(`idle: ${sizes.join(", ")}`);
}

async function main(): Promise<void> {
  const { entry } = await bundle();
  const folder = await Deno.makeTempDir({ prefix: "kcfg-bench-" });
  try {
    await idleMemory(folder, entry);
    await apiSource(entry, await writeSchema(folder));
    await listRate(folder, entry);
    await swapLatency(folder, entry);
    const config = `${folder}/streams`;
    await Deno.mkdir(config);
    await using kcfg = await startKcfg(entry, folder, config);
    await streamClients(kcfg, { config, clients: CLIENTS });
    await patchLatency();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

await main();
