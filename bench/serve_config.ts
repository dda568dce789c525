/**
 * `deno task bench`: serve-config against a bare `Deno.serve` that returns a constant body of the same size,
 * both as processes of their own, in the same run, taking turns. Prints a table; judges nothing.
 */

import { bundle } from "../tools/bundle.ts";
import { hammer } from "./hammer.ts";
import {
  type BenchServer,
  cpuSeconds,
  freePort,
  median,
  rssMb,
  say,
  startBare,
  startServer,
} from "./processes.ts";

const CONNECTIONS = 64;
const SECONDS = 4;
const ROUNDS = 5;

function startKcfg(entry: string, directory: string, ...more: string[]): Promise<BenchServer> {
  const port = freePort();
  const args = [
    entry,
    "serve-config",
    `--backend=dir:${directory}`,
    `--listen-addr=127.0.0.1:${port}`,
    "--health-addr=127.0.0.1:0",
    "--metrics-addr=127.0.0.1:0",
    "--groupcache-port=:0",
    "--refresh=false",
    ...more,
  ];
  return startServer(args, port);
}

interface Measured {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

async function measure(server: BenchServer, paths: readonly string[]): Promise<Measured> {
  const before = cpuSeconds(server.pid);
  const { requests, seconds } = await hammer({
    port: server.port,
    paths,
    connections: CONNECTIONS,
    seconds: SECONDS,
  });
  return {
    perSecond: requests / seconds,
    cpuMicros: (cpuSeconds(server.pid) - before) * 1e6 / requests,
  };
}

interface Load {
  readonly name: string;
  readonly bytes: number;
  readonly paths: readonly string[];
  readonly flags: readonly string[];
}

const HOT = ["/hot.txt"];
const MANY = Array.from({ length: 1000 }, (_, index) => `/many/${index}.txt`);

const LOADS: readonly Load[] = [
  { name: "hot key, 1 KiB, request log off", bytes: 1024, paths: HOT, flags: ["--log-level=warn"] },
  { name: "hot key, 1 KiB, request log on", bytes: 1024, paths: HOT, flags: ["--log-level=info"] },
  {
    name: "1,000 keys, 4 KiB, request log off",
    bytes: 4096,
    paths: MANY,
    flags: ["--log-level=warn"],
  },
];

async function main(): Promise<void> {
  const { entry } = await bundle();
  const directory = await Deno.makeTempDir({ prefix: "kcfg-bench-" });
  try {
    await Deno.mkdir(`${directory}/many`);
    await Deno.writeFile(`${directory}/hot.txt`, new Uint8Array(1024).fill(120));
    for (const path of MANY) await Deno.writeFile(directory + path, new Uint8Array(4096).fill(120));
    say(`${CONNECTIONS} connections, ${ROUNDS} rounds of ${SECONDS} s each, taking turns; medians`);
    say("load                                  kcfg/s    bare/s   ratio   CPU µs   bare   ratio");
    for (const load of LOADS) await compare(entry, directory, load);
    await memory(entry, directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function compare(entry: string, directory: string, load: Load): Promise<void> {
  await using kcfg = await startKcfg(entry, directory, ...load.flags);
  await using bare = await startBare(load.bytes);
  await hammer({ port: kcfg.port, paths: load.paths, connections: CONNECTIONS, seconds: 1 });
  await hammer({ port: bare.port, paths: load.paths, connections: CONNECTIONS, seconds: 1 });
  const ours: Measured[] = [];
  const theirs: Measured[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await measure(kcfg, load.paths));
    theirs.push(await measure(bare, load.paths));
  }
  const perSecond = [ours, theirs].map((rows) => median(rows.map((row) => row.perSecond)));
  const cpu = [ours, theirs].map((rows) => median(rows.map((row) => row.cpuMicros)));
  const [a = NaN, b = NaN] = perSecond;
  const [c = NaN, d = NaN] = cpu;
  say(
    `${load.name.padEnd(35)} ${a.toFixed(0).padStart(8)} ${b.toFixed(0).padStart(9)} ${
      (a / b).toFixed(2).padStart(7)
    } ${c.toFixed(1).padStart(8)} ${d.toFixed(1).padStart(6)} ${(c / d).toFixed(2).padStart(7)}`,
  );
}

/** Resident memory idle, and after two million requests. */
async function memory(entry: string, directory: string): Promise<void> {
  await using kcfg = await startKcfg(entry, directory, "--log-level=info");
  const idle = rssMb(kcfg.pid);
  let requests = 0;
  const marks: string[] = [];
  while (requests < 2_000_000) {
    const result = await hammer({
      port: kcfg.port,
      paths: HOT,
      connections: CONNECTIONS,
      seconds: 5,
    });
    requests += result.requests;
    marks.push(rssMb(kcfg.pid).toFixed(0));
  }
  say(
    `memory: ${idle.toFixed(1)} MB idle; every 5 s up to ${requests} requests: ${
      marks.join(" ")
    } MB`,
  );
}

await main();
