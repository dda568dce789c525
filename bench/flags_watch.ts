/**
 * `deno task bench:flags`: flags-watch and the flags library against the simplest thing that could do the job, in
 * the same run. Prints a table; judges nothing. The parts on an API server need `KCFG_TEST_KUBE`, a kubeconfig.
 */

import { bundle } from "../tools/bundle.ts";
import { apiSource } from "./flags_watch/api_source.ts";
import { patchLatency } from "./flags_watch/patch_latency.ts";
import { streamClients } from "./flags_watch/stream_clients.ts";
import { swapLatency } from "./flags_watch/swap_latency.ts";
import { hammer } from "./hammer.ts";
import {
  type BenchServer,
  freePort,
  idleRssMb,
  median,
  rssMb,
  say,
  startBare,
  startServer,
} from "./processes.ts";

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
    await swapLatency(folder, (directory) => startKcfg(entry, folder, directory));
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
