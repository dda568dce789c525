/**
 * `deno task bench`: serve-config against a bare `Deno.serve` that returns a constant body of the same size,
 * both as processes of their own, in the same run, taking turns. Prints a table; judges nothing.
 */

import { bundle } from "../tools/bundle.ts";
import { hammer } from "./hammer.ts";

const RUN = ["run", "-A", "--no-prompt", "--quiet"];
const CONNECTIONS = 64;
const SECONDS = 4;
const ROUNDS = 5;

interface Server extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
}

const say = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));

/** Starts a process that listens on `port` and waits until it answers. */
async function start(args: readonly string[], port: number): Promise<Server> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...RUN, ...args],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  for (let tries = 0; tries < 200; tries++) {
    const answered = await fetch(`http://127.0.0.1:${port}/`)
      .then((answer) => answer.arrayBuffer().then(() => true), () => false);
    if (answered) break;
    await new Promise<void>((resolve) => setTimeout(resolve, 25));
  }
  return {
    port,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

const BARE = new URL("bare_server.ts", import.meta.url).pathname;

function startBare(bytes: number): Promise<Server> {
  const port = freePort();
  return start([BARE, String(bytes), String(port)], port);
}

function startKcfg(entry: string, directory: string, ...more: string[]): Promise<Server> {
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
  return start(args, port);
}

function rssMb(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

/** Seconds of processor time a process has used. */
function cpuSeconds(pid: number): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

interface Measured {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

async function measure(server: Server, paths: readonly string[]): Promise<Measured> {
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
