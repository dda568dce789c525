/**
 * `deno task bench`: serve-config against a bare `Deno.serve` that returns a constant body of the same size, and
 * against one that also reads requests and sends as many headers. All are processes of their own, in the same run,
 * taking turns. Prints a table; judges nothing. A word picks the loads whose names have it.
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

const QUIET = "--log-level=warn";
const UNCOUNTED = "--request-metrics=false";

const LOADS: readonly Load[] = [
  { name: "hot, 1 KiB, metrics off", bytes: 1024, paths: HOT, flags: [QUIET, UNCOUNTED] },
  { name: "hot, 1 KiB, metrics on", bytes: 1024, paths: HOT, flags: [QUIET] },
  { name: "hot, 1 KiB, metrics and log on", bytes: 1024, paths: HOT, flags: [] },
  { name: "1,000 of 4 KiB, metrics off", bytes: 4096, paths: MANY, flags: [QUIET, UNCOUNTED] },
  { name: "1,000 of 4 KiB, metrics on", bytes: 4096, paths: MANY, flags: [QUIET] },
];

async function main(): Promise<void> {
  const { entry } = await bundle();
  const directory = await Deno.makeTempDir({ prefix: "kcfg-bench-" });
  try {
    await Deno.mkdir(`${directory}/many`);
    await Deno.writeFile(`${directory}/hot.txt`, new Uint8Array(1024).fill(120));
    for (const path of MANY) await Deno.writeFile(directory + path, new Uint8Array(4096).fill(120));
    say(
      `${CONNECTIONS} connections, ${ROUNDS} rounds of ${SECONDS} s each, taking turns; medians,`,
    );
    say("and the ratio's least round. Requests a second, then CPU µs of a request");
    say(
      "load                             kcfg   bare  ratio  least  reads  ratio | kcfg  bare  reads",
    );
    for (const load of LOADS.filter(isAsked)) await compare(entry, `dir:${directory}`, load);
    await environment(entry);
    if (Deno.args.length === 0) await memory(entry, `dir:${directory}`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function isAsked({ name }: { readonly name: string }): boolean {
  return Deno.args.every((word) => name.includes(word));
}

/** Environments of ConfigMaps that are followed on a real API server. */
async function environment(entry: string): Promise<void> {
  if (Deno.args.length > 0 && !Deno.args.includes("kube:")) return;
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
  const flags = [`--kubeconfig=${plane.kubeconfigPath}`, QUIET];
  for (const [count, paths] of [["one", ENVIRONMENT], ["1,000", ENVIRONMENTS]] as const) {
    for (const [metrics, more] of [["off", [UNCOUNTED]], ["on", []]] as const) {
      const name = `kube:, ${count}, metrics ${metrics}`;
      if (!isAsked({ name })) continue;
      const bytes = await lengthOf(entry, { backend, flags, path: paths[0] ?? "" });
      await compare(entry, backend, { name, bytes, paths, flags: [...flags, ...more] });
    }
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
  await using reads = await startBare(load.bytes, "reads");
  const servers = [kcfg, bare, reads];
  for (const { port } of servers) {
    await hammer({ port, paths: load.paths, connections: CONNECTIONS, seconds: 1 });
  }
  const rounds: Measured[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const row: Measured[] = [];
    for (const server of servers) row.push(await measure(server, load.paths));
    rounds.push(row);
  }
  const middle = (pick: (measured: Measured) => number) =>
    servers.map((_, at) => median(rounds.flatMap((row) => row.slice(at, at + 1).map(pick))));
  const [a = NaN, b = NaN, c = NaN] = middle(({ perSecond }) => perSecond);
  const least = Math.min(
    ...rounds.map(([ours, theirs]) => (ours?.perSecond ?? NaN) / (theirs?.perSecond ?? NaN)),
  );
  const cpu = middle(({ cpuMicros }) => cpuMicros);
  say([
    load.name.padEnd(30),
    a.toFixed(0).padStart(6),
    b.toFixed(0).padStart(6),
    (a / b).toFixed(2).padStart(6),
    least.toFixed(2).padStart(6),
    c.toFixed(0).padStart(6),
    (a / c).toFixed(2).padStart(6),
    "|",
    ...cpu.map((micros) => micros.toFixed(1).padStart(5)),
  ].join(" "));
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
