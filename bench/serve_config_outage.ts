/**
 * `deno task bench:outage`: three replicas with a time to live of a second, whose backend is stopped for ten
 * minutes, or `KCFG_BENCH_OUTAGE_MS`, while clients go on asking for every object. Prints what they got.
 */

import { bundle } from "../tools/bundle.ts";
import { freePort, quantile, say, startBare, startServer } from "./processes.ts";
import type { BenchServer } from "./processes.ts";

const OUTAGE_MS = Number(Deno.env.get("KCFG_BENCH_OUTAGE_MS") ?? 600_000);
const KEYS = Array.from({ length: 200 }, (_, index) => `/app-${index}.yml`);
const CLIENTS = 8;
const THINK_MS = 10;

interface Tally {
  answers: number;
  served: number;
  marked: number;
  readonly refused: Map<string, number>;
  readonly ms: number[];
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function startRing(
  entry: string,
  backendPort: number,
): Promise<readonly BenchServer[]> {
  const rings = [0, 1, 2].map(freePort);
  const peers = rings.map((port) => `http://127.0.0.1:${port}`).join(",");
  return await Promise.all(rings.map((ring) => {
    const port = freePort();
    return startServer([
      entry,
      "serve-config",
      `--backend=http://127.0.0.1:${backendPort}`,
      `--listen-addr=127.0.0.1:${port}`,
      "--health-addr=127.0.0.1:0",
      "--metrics-addr=127.0.0.1:0",
      "--groupcache-host=127.0.0.1",
      `--groupcache-port=:${ring}`,
      `--peers=${peers}`,
      "--refresh=false",
      "--ttl=1s",
      "--log-level=error",
    ], port);
  }));
}

async function ask(port: number, key: string, tally: Tally): Promise<void> {
  const startedAt = performance.now();
  const answer = await fetch(`http://127.0.0.1:${port}${key}`);
  const body = await answer.text();
  tally.ms.push(performance.now() - startedAt);
  tally.answers += 1;
  if (answer.status !== 200) {
    const what = `${answer.status} ${body}`;
    tally.refused.set(what, (tally.refused.get(what) ?? 0) + 1);
    return;
  }
  tally.served += 1;
  const isMarked = answer.headers.get("warning")?.startsWith("110 ") === true &&
    answer.headers.get("cache-status")?.includes("detail=stale-if-error") === true;
  if (isMarked) tally.marked += 1;
}

/** Asks all replicas for all objects, again and again, for `ms`. */
async function load(replicas: readonly BenchServer[], ms: number): Promise<Tally> {
  const tally: Tally = { answers: 0, served: 0, marked: 0, refused: new Map(), ms: [] };
  const until = performance.now() + ms;
  await Promise.all(Array.from({ length: CLIENTS }, async (_, client) => {
    for (let at = client; performance.now() < until; at += CLIENTS + 1) {
      const port = replicas[at % replicas.length]?.port ?? 0;
      await ask(port, KEYS[at % KEYS.length] ?? "", tally);
      await pause(THINK_MS);
    }
  }));
  return tally;
}

function report(name: string, { answers, served, marked, refused, ms }: Tally): void {
  say(
    `${name}: ${answers} answers, ${(100 * served / answers).toFixed(3)} % served, ` +
      `${marked} marked stale (${(100 * marked / answers).toFixed(2)} %), ` +
      `refused ${JSON.stringify(Object.fromEntries(refused))}; ` +
      `${quantile(ms, 0.5).toFixed(1)} ms median, ${quantile(ms, 0.99).toFixed(1)} ms p99, ` +
      `${Math.max(...ms.slice(-100_000)).toFixed(1)} ms worst`,
  );
}

async function main(): Promise<void> {
  const { entry } = await bundle();
  const stack = new AsyncDisposableStack();
  try {
    const backend = await startBare(1024);
    const replicas = await startRing(entry, backend.port);
    for (const replica of replicas) stack.use(replica);
    report("before", await load(replicas, 10_000));
    await backend[Symbol.asyncDispose]();
    report(`backend stopped for ${OUTAGE_MS / 1000} s`, await load(replicas, OUTAGE_MS));
    stack.use(
      await startServer(
        [new URL("bare_server.ts", import.meta.url).pathname, "1024", String(backend.port)],
        backend.port,
      ),
    );
    const backAt = performance.now();
    let last = await load(replicas, 1000);
    while (last.marked > 0) last = await load(replicas, 1000);
    say(`backend back: nothing is marked after ${Math.round(performance.now() - backAt)} ms`);
  } finally {
    await stack.disposeAsync();
  }
}

await main();
