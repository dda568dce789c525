/**
 * `deno task bench`: serve-config against a bare `Deno.serve` that returns a constant body of the same size,
 * both as processes of their own, in the same run, taking turns. Prints a table; judges nothing.
 */

import { controlPlane } from "../tests/support/control_plane.ts";
import { testNamespace, writer } from "../tests/support/control_plane/harness.ts";
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

function startKcfg(entry: string, backend: string, ...more: string[]): Promise<BenchServer> {
  const port = freePort();
  const args = [
    entry,
    "serve-config",
    `--backend=${backend}`,
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
const ENVIRONMENT = ["/stores/dev"];
/** Of the two ConfigMaps that all inherit, under a thousand names. */
const ENVIRONMENTS = Array.from({ length: 1000 }, (_, index) => `/app-${index}/dev`);
const MANY = Array.from({ length: 1000 }, (_, index) => `/many/${index}.txt`);

const LOADS: readonly Load[] = [
  { name: "hot key, 1 KiB, request log off", bytes: 1024, paths: HOT, flags: ["--log-level=warn"] },
  { name: "hot key, 1 KiB, request log on", bytes: 1024, paths: HOT, flags: ["--log-level=info"] },
  {
    name: "uniform, 1,000 keys of 4 KiB, log off",
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
    say("load                                    kcfg/s    bare/s   ratio   CPU µs   bare   ratio");
    for (const load of LOADS) await compare(entry, `dir:${directory}`, load);
    await environment(entry);
    await memory(entry, `dir:${directory}`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Environments of ConfigMaps that are followed on a real API server. */
async function environment(entry: string): Promise<void> {
  const plane = await controlPlane();
  if ("unavailable" in plane) return say(`Environment of kube: not measured, ${plane.unavailable}`);
  await using namespace = await testNamespace(plane.admin);
  const write = writer(plane.admin);
  const path = `/api/v1/namespaces/${namespace.name}/configmaps`;
  for (const name of ["application", "stores", "stores-dev"]) {
    const keys = Array.from(
      { length: 20 },
      (_, at) => [`${name}.setting.number-${at}`, `value ${at}`],
    );
    await write("POST", path, { metadata: { name }, data: Object.fromEntries(keys) });
  }
  const backend = `kube:${namespace.name}`;
  const flags = [`--kubeconfig=${plane.kubeconfigPath}`, "--log-level=warn"];
  for (
    const [name, paths] of [["one application", ENVIRONMENT], [
      "1,000 applications",
      ENVIRONMENTS,
    ]] as const
  ) {
    const bytes = await lengthOf(entry, { backend, flags, path: paths[0] ?? "" });
    await compare(entry, backend, { name: `Environment of kube:, ${name}`, bytes, paths, flags });
  }
}

/** Bytes of an answer, once there is one. */
async function lengthOf(
  entry: string,
  { backend, flags, path }: {
    readonly backend: string;
    readonly flags: readonly string[];
    readonly path: string;
  },
): Promise<number> {
  await using kcfg = await startKcfg(entry, backend, ...flags);
  // Until the first list of objects is there.
  for (let tries = 0; tries < 100; tries++) {
    const answer = await fetch(`http://127.0.0.1:${kcfg.port}${path}`);
    const { length } = await answer.bytes();
    if (answer.status === 200) return length;
    await new Promise<void>((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${path} is not answered with 200`);
}

async function compare(entry: string, backend: string, load: Load): Promise<void> {
  await using kcfg = await startKcfg(entry, backend, ...load.flags);
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
    `${load.name.padEnd(37)} ${a.toFixed(0).padStart(8)} ${b.toFixed(0).padStart(9)} ${
      (a / b).toFixed(2).padStart(7)
    } ${c.toFixed(1).padStart(8)} ${d.toFixed(1).padStart(6)} ${(c / d).toFixed(2).padStart(7)}`,
  );
}

/** Resident memory idle, and after two million requests. */
async function memory(entry: string, backend: string): Promise<void> {
  await using kcfg = await startKcfg(entry, backend, "--log-level=info");
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
