/**
 * `deno task bench:ring`: what replicas do together. A cold herd, an event of a real RabbitMQ to fresh on three
 * replicas, 10,000 long polls with the memory that each costs, and 304 answers against a bare server.
 * Prints figures; judges nothing.
 */

import { Buffer } from "node:buffer";
import { connect } from "amqplib";
import { bundle } from "../tools/bundle.ts";
import { rabbitMqUnavailable, startRabbitMq } from "../tests/support/rabbitmq.ts";
import { joinRing, startReplica, startReplicas, testBackend } from "../tests/support/replicas.ts";
import { hammer } from "./hammer.ts";

const say = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

async function coldHerd(): Promise<void> {
  await using backend = testBackend();
  backend.answer = async () => {
    await pause(50);
    return new Response("k: v\n");
  };
  await using replicas = await startReplicas(3, { backend: backend.url, "log-level": "warn" });
  const took: number[] = [];
  for (let round = 0; round < 20; round++) {
    const startedAt = performance.now();
    await Promise.all(
      Array.from({ length: 500 }, (_, at) => replicas[at % 3]?.text(`/cold-${round}.yml`)),
    );
    took.push(performance.now() - startedAt);
  }
  say(
    `cold herd: 500 clients on 3 replicas, backend of 50 ms, ${took.length} keys: ` +
      `${backend.asked.length} backend calls; all answered after ${
        quantile(took, 0.5).toFixed(0)
      } ms ` +
      `(median), ${Math.max(...took).toFixed(0)} ms (worst)`,
  );
}

async function eventToFresh(): Promise<void> {
  const unavailable = await rabbitMqUnavailable();
  if (unavailable !== undefined) return void say(`event to fresh: not measured, ${unavailable}`);
  await using broker = await startRabbitMq();
  await using backend = testBackend();
  const flags = { backend: backend.url, refresh: "true", "amqp-url": broker.url };
  const replicas = await Promise.all([1, 2, 3].map(() => startReplica(flags)));
  joinRing(replicas);
  while (
    (await Promise.all(replicas.map((one) => one.metric("kcfg_amqp_connected")))).includes(0)
  ) {
    await pause(20);
  }
  const connection = await connect(broker.url, { noDelay: true });
  const channel = await connection.createChannel();
  const took: number[] = [];
  for (let round = 1; round <= 100; round++) {
    backend.objects.set("/orders-dev.yml", `v${round}`);
    const startedAt = performance.now();
    const event = { type: "RefreshRemoteApplicationEvent", destinationService: "orders:**" };
    channel.publish(
      "springCloudBus",
      "x",
      Buffer.from(JSON.stringify({ ...event, id: `${round}` })),
    );
    await Promise.all(replicas.map(async (replica) => {
      while (await replica.text("/orders-dev.yml") !== `v${round}`) await pause(1);
    }));
    took.push(performance.now() - startedAt);
    await pause(20);
  }
  await connection.close();
  await Promise.all(replicas.map(({ app }) => app.stop()));
  say(
    `event to fresh on 3 replicas: ${quantile(took, 0.5).toFixed(1)} ms (median), ` +
      `${quantile(took, 0.95).toFixed(1)} ms (95th), ${
        Math.max(...took).toFixed(1)
      } ms (worst of 100)`,
  );
}

interface Server extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
}

async function startProcess(args: readonly string[], port: number): Promise<Server> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-prompt", "--quiet", ...args],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  for (let tries = 0; tries < 200; tries++) {
    const answered = await fetch(`http://127.0.0.1:${port}/hot.txt`)
      .then((answer) => answer.arrayBuffer().then(() => true), () => false);
    if (answered) break;
    await pause(25);
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

async function startKcfg(directory: string): Promise<Server & { readonly metricsPort: number }> {
  const { entry } = await bundle();
  const [port, metricsPort] = [freePort(), freePort()];
  const server = await startProcess([
    entry,
    "serve-config",
    `--backend=dir:${directory}`,
    `--listen-addr=127.0.0.1:${port}`,
    "--health-addr=127.0.0.1:0",
    `--metrics-addr=127.0.0.1:${metricsPort}`,
    "--groupcache-port=:0",
    "--refresh=false",
    "--watch-max-wait=300s",
    "--log-level=warn",
    "--admin",
  ], port);
  return { ...server, metricsPort };
}

/** Of the plain representation, the one that requests without `Accept-Encoding` get. */
async function etagOf({ port }: Server): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/hot.txt`, {
    headers: { "accept-encoding": "identity" },
  });
  await answer.body?.cancel();
  return answer.headers.get("etag") ?? "";
}

function rssKb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]);
}

async function longPolls(directory: string): Promise<void> {
  await using kcfg = await startKcfg(directory);
  const etag = await etagOf(kcfg);
  const message = new TextEncoder().encode(
    `GET /hot.txt HTTP/1.1\r\nHost: bench\r\nIf-None-Match: ${etag}\r\nPrefer: wait=300\r\n\r\n`,
  );
  const waiters = async () => {
    const text = await (await fetch(`http://127.0.0.1:${kcfg.metricsPort}/metrics`)).text();
    return Number(/^kcfg_watch_waiters (\d+)$/m.exec(text)?.[1]);
  };
  const count = 10_000;
  const idleKb = rssKb(kcfg.pid);
  const connections: Deno.TcpConn[] = [];
  for (let at = 0; at < count; at++) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: kcfg.port });
    await connection.write(message);
    connections.push(connection);
  }
  while (await waiters() < count) await pause(50);
  await pause(1000);
  const heldKb = rssKb(kcfg.pid);
  await Deno.writeFile(`${directory}/hot.txt`, new Uint8Array(1024).fill(121));
  const startedAt = performance.now();
  const statuses = await Promise.all(connections.map(async (connection) => {
    const buffer = new Uint8Array(4096);
    const length = await connection.read(buffer) ?? 0;
    connection.close();
    return new TextDecoder().decode(buffer.subarray(0, length)).slice(9, 12);
  }));
  const answered = statuses.filter((status) => status === "200").length;
  say(
    `long polls: ${count} waiting cost ${((heldKb - idleKb) / count).toFixed(1)} KiB each ` +
      `(${(idleKb / 1024).toFixed(0)} to ${
        (heldKb / 1024).toFixed(0)
      } MiB); a changed file answered ` +
      `${answered} of them with 200 within ${(performance.now() - startedAt).toFixed(0)} ms`,
  );
}

async function notModified(directory: string): Promise<void> {
  await using kcfg = await startKcfg(directory);
  const port = freePort();
  await using bare = await startProcess(
    [new URL("bare_server.ts", import.meta.url).pathname, "0", String(port)],
    port,
  );
  const headers = `If-None-Match: ${await etagOf(kcfg)}\r\n`;
  const rates: Record<string, number[]> = { kcfg: [], bare: [] };
  for (let round = 0; round < 4; round++) {
    for (const [name, server] of Object.entries({ kcfg, bare })) {
      const { requests, seconds } = await hammer({
        port: server.port,
        paths: ["/hot.txt"],
        connections: 64,
        seconds: 2,
        headers,
      });
      if (round > 0) rates[name]?.push(requests / seconds);
    }
  }
  const [ours, theirs] = [quantile(rates["kcfg"] ?? [], 0.5), quantile(rates["bare"] ?? [], 0.5)];
  say(
    `304 answers: ${ours.toFixed(0)}/s, an empty 200 of a bare server ${
      theirs.toFixed(0)
    }/s, ratio ${(ours / theirs).toFixed(2)}`,
  );
}

async function main(): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "kcfg-bench-" });
  try {
    await Deno.writeFile(`${directory}/hot.txt`, new Uint8Array(1024).fill(120));
    await coldHerd();
    await eventToFresh();
    await notModified(directory);
    await longPolls(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

await main();
