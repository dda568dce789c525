/**
 * Replicas of serve-config as processes that find each other through an API server. A peer is named by its pod's
 * address and a port that all have in common, so each gets a loopback address of its own.
 */

import { type Endpoint, plainRequest } from "#tests/support/control_plane/http.ts";
import { testNamespace, writer } from "#tests/support/control_plane/harness.ts";
import { eventually } from "#tests/support/eventually.ts";
import { startKcfg } from "#tests/support/process.ts";
import type { KcfgProcess } from "#tests/support/process.ts";

/** Pods of one application, ready, in a namespace of their own. */
export interface RingPods extends AsyncDisposable {
  readonly namespace: string;
  /** Names by address. */
  readonly names: ReadonlyMap<string, string>;
}

/** Three loopback addresses that no other test has. */
export function loopbackAddresses(): readonly [string, string, string] {
  const octet = () => 1 + Math.floor(Math.random() * 250);
  const net = `127.${octet()}.${octet()}`;
  return [`${net}.1`, `${net}.2`, `${net}.3`];
}

/** Makes ready pods at the addresses. */
export async function ringPods(
  admin: Endpoint,
  addresses: readonly string[],
): Promise<RingPods> {
  const namespace = await testNamespace(admin);
  const pods = `/api/v1/namespaces/${namespace.name}/pods`;
  const account = `/api/v1/namespaces/${namespace.name}/serviceaccounts/default`;
  await eventually(
    "the namespace has its account",
    async () => (await plainRequest(admin, { path: account })).status === 200,
    { withinMs: 4900 },
  );
  const write = writer(admin);
  const names = new Map<string, string>();
  for (const [at, podIP] of addresses.entries()) {
    const name = `kcfg-${at}`;
    names.set(podIP, name);
    await write("POST", pods, {
      metadata: { name, labels: { app: "kcfg" } },
      spec: { containers: [{ name: "c", image: "i" }], automountServiceAccountToken: false },
    });
    const conditions = [{ type: "Ready", status: "True" }];
    await write("PATCH", `${pods}/${name}/status`, {
      status: { phase: "Running", podIP, podIPs: [{ ip: podIP }], conditions },
    });
  }
  return {
    namespace: namespace.name,
    names,
    [Symbol.asyncDispose]: () => namespace[Symbol.asyncDispose](),
  };
}

/** Flags that all members have in common. */
export interface MemberOptions {
  readonly pods: RingPods;
  readonly kubeconfig: string;
  /** Ports, the same at every address. */
  readonly ports: {
    readonly app: number;
    readonly ring: number;
    readonly metrics: number;
    readonly health: number;
  };
  readonly flags: readonly string[];
}

/** The answer of `/readyz`. */
export interface Readiness {
  readonly status: number;
  readonly checks: Readonly<Record<string, { readonly status: string }>>;
}

/** One process. */
export interface Member extends AsyncDisposable {
  readonly address: string;
  readonly process: KcfgProcess;
  /** Asks the application listener. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Body of a GET. */
  text(path: string): Promise<string>;
  /** Value of a series, 0 when there is none. */
  metric(series: string): Promise<number>;
  /** What it says of itself. */
  readiness(): Promise<Readiness>;
  /** Resolves when it is ready: its listeners open, its peers known. */
  ready(): Promise<void>;
}

/** Ports that are free at 127.0.0.1, so most likely at the other loopback addresses too. */
export function memberPorts(): MemberOptions["ports"] {
  const listeners = [0, 0, 0, 0].map(() => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const [app = 0, ring = 0, metrics = 0, health = 0] = listeners.map(({ addr }) => addr.port);
  for (const listener of listeners) listener.close();
  return { app, ring, metrics, health };
}

/** How a member is told who it is. */
export function identityOf(address: string, { pods }: MemberOptions): Record<string, string> {
  const name = pods.names.get(address) ?? "";
  return { POD_IP: address, POD_NAME: name, POD_NAMESPACE: pods.namespace };
}

/** Starts a member; it is not ready yet. */
export function startMember(address: string, options: MemberOptions): Member {
  const { kubeconfig, ports, flags } = options;
  const process = startKcfg([
    "serve-config",
    `--listen-addr=${address}:${ports.app}`,
    `--metrics-addr=${address}:${ports.metrics}`,
    `--health-addr=${address}:${ports.health}`,
    `--groupcache-host=${address}`,
    `--groupcache-port=:${ports.ring}`,
    "--peer-discovery=kubernetes",
    "--peer-debounce=50ms",
    `--kubeconfig=${kubeconfig}`,
    "--log-format=json",
    ...flags,
  ], { env: identityOf(address, options) });
  const member: Member = {
    address,
    process,
    fetch: (path, init) => fetch(`http://${address}:${ports.app}${path}`, init),
    text: async (path) => await (await member.fetch(path)).text(),
    async metric(series) {
      const text = await (await fetch(`http://${address}:${ports.metrics}/metrics`)).text();
      const line = text.split("\n").find((one) => one.startsWith(`${series} `));
      return Number(line?.slice(series.length + 1) ?? 0);
    },
    async readiness() {
      const answer = await fetch(`http://${address}:${ports.health}/readyz`);
      return { status: answer.status, checks: (await answer.json()).checks };
    },
    ready: () =>
      eventually(`${address} is ready`, async () => {
        try {
          return (await member.readiness()).status === 200;
        } catch {
          // Not listening yet.
          return false;
        }
      }, { withinMs: 4900 }).then(() => undefined),
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
  return member;
}
