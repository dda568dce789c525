/** Replicas of serve-config in this process, on loopback, in one ring, in front of one backend. */

import { resolveFlags } from "#lib/cli/resolve_flags.ts";
import { systemClock } from "#lib/run/clock.ts";
import type { Clock } from "#lib/run/clock.ts";
import { processReadings } from "#lib/run/process_readings.ts";
import { createApp } from "../../commands/serve-config/app.ts";
import type { AppAddresses, ServeConfigApp } from "../../commands/serve-config/app.ts";
import { createUpstream } from "../../commands/serve-config/upstream/create_upstream.ts";
import { FLAGS, toOptions } from "../../commands/serve-config/options.ts";
import { eventually } from "./eventually.ts";
import { CapturedLog } from "./log.ts";

/** A backend whose objects the test sets and whose requests are counted. */
export interface TestBackend extends AsyncDisposable {
  readonly url: string;
  /** Objects by path. */
  readonly objects: Map<string, string>;
  /** Path and query of each request so far. */
  readonly asked: string[];
  /** Answers instead of the objects, until it is set to `undefined` again. */
  answer: ((request: Request) => Response | Promise<Response>) | undefined;
}

/** Starts a backend. */
export function testBackend(): TestBackend {
  const objects = new Map<string, string>();
  const asked: string[] = [];
  const backend: { answer: TestBackend["answer"] } = { answer: undefined };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname, search } = new URL(request.url);
    asked.push(pathname + search);
    if (backend.answer !== undefined) return backend.answer(request);
    const text = objects.get(pathname);
    return text === undefined ? new Response("no", { status: 404 }) : new Response(text);
  });
  return Object.assign(backend, {
    url: `http://127.0.0.1:${server.addr.port}`,
    objects,
    asked,
    [Symbol.asyncDispose]: () => server.shutdown(),
  });
}

/** One replica. */
export interface Replica extends AsyncDisposable {
  readonly app: ServeConfigApp;
  readonly log: CapturedLog;
  readonly addresses: AppAddresses;
  /** Its URL in the ring. */
  readonly peerUrl: string;
  /** Asks a listener. */
  fetch(
    path: string,
    init?: RequestInit & { readonly listener?: keyof AppAddresses },
  ): Promise<Response>;
  /** Body of a GET. */
  text(path: string): Promise<string>;
  /** Value of a series of the metrics, 0 when there is none. */
  metric(series: string): Promise<number>;
}

const LOCAL = "127.0.0.1:0";

/** Starts a replica alone in its ring, unless the flags say where its peers come from. */
export async function startReplica(
  flags: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
  { clock = systemClock }: { readonly clock?: Clock } = {},
): Promise<Replica> {
  const environment = { POD_IP: "127.0.0.1", ...env };
  const resolved = resolveFlags(FLAGS, {
    flags: {
      "listen-addr": LOCAL,
      "health-addr": LOCAL,
      "metrics-addr": LOCAL,
      "groupcache-port": ":0",
      // Nobody is there; `joinRing` tells who is.
      ...(flags["peer-discovery"] === undefined && { peers: "http://127.0.0.1:9" }),
      refresh: "false",
      ...flags,
    },
    env: environment,
    command: "serve-config",
    lenientEnv: true,
  });
  const log = new CapturedLog();
  const options = toOptions(resolved, environment);
  const app = createApp(options, {
    clock,
    log,
    upstream: await createUpstream(options, { clock, log }),
    random: Math.random,
    readings: processReadings(),
  });
  const addresses = await app.start();
  await eventually("the ring is joined", () => log.messages().includes("ring joined"));
  const replica: Replica = {
    app,
    log,
    addresses,
    peerUrl: `http://127.0.0.1:${addresses.ring.port}`,
    fetch: (path, { listener = "application", ...init } = {}) =>
      fetch(`http://127.0.0.1:${addresses[listener].port}${path}`, init),
    async text(path) {
      return await (await replica.fetch(path)).text();
    },
    async metric(series) {
      const text = await (await replica.fetch("/metrics", { listener: "metrics" })).text();
      const line = text.split("\n").find((one) => one.startsWith(`${series} `));
      return Number(line?.slice(series.length + 1) ?? 0);
    },
    [Symbol.asyncDispose]: () => app.stop(),
  };
  return replica;
}

/** Starts some that know one another. */
export async function startReplicas(
  count: number,
  flags: Readonly<Record<string, string>>,
): Promise<readonly Replica[] & AsyncDisposable> {
  const replicas = await Promise.all(Array.from({ length: count }, () => startReplica(flags)));
  joinRing(replicas);
  await eventually("all know which dialect the others speak", () =>
    replicas.every(({ log }) => {
      const greeted = log.messages().filter((message) => message === "peer greeted");
      return greeted.length === count - 1;
    }));
  return Object.assign(replicas, {
    async [Symbol.asyncDispose]() {
      await Promise.all(replicas.map(({ app }) => app.stop()));
    },
  });
}

/** Makes each a peer of all. */
export function joinRing(replicas: readonly Replica[]): void {
  for (const { app } of replicas) app.setPeers(replicas.map(({ peerUrl }) => peerUrl));
}
