/**
 * etcd, kube-apiserver and kube-controller-manager on loopback, with their keys, users and logs in one
 * throw-away directory.
 */

import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createCertificateAuthority, type KeyPair } from "#tests/support/certificates.ts";
import { plainRequest } from "#tests/support/control_plane/http.ts";
import { type ServerProcess, startServer, tailOf } from "#tests/support/control_plane/process.ts";
import type { Programs } from "#tests/support/control_plane/programs.ts";

/** A started control plane. */
export interface Servers {
  readonly url: string;
  readonly etcdUrl: string;
  readonly directory: string;
  readonly caPath: string;
  readonly hasControllers: boolean;
  readonly adminToken: string;
  /** A user in no group but `system:authenticated`. */
  readonly nobodyToken: string;
  /** Certificate of a user in `system:masters`. */
  readonly adminCertificate: KeyPair;
  /** Ends the API server: SIGKILL at once, SIGTERM by draining, up to a minute while watches are open. */
  stopApiServer(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** Starts it again on the same port and waits until it is ready. */
  startApiServer(): Promise<void>;
  /** Ends everything and removes the directory. Idempotent. */
  stop(): Promise<void>;
  /** The same without waiting, for the `unload` event. */
  stopNow(): void;
}

/** What may be varied. */
export interface ServersOptions {
  /** More flags for kube-apiserver, such as `--goaway-chance=0.02`. */
  readonly apiServerArgs?: readonly string[];
  /**
   * Without it nothing makes ReplicaSets and EndpointSlices, collects garbage, or ends namespaces.
   * Default: where the programs have one.
   */
  readonly controllerManager?: boolean;
}

const READY_WITHIN_MS = 60_000;

/** Starts the servers and waits until the API answers; throws with the log's end when one fails. */
export async function startServers(
  programs: Programs,
  options: ServersOptions = {},
): Promise<Servers> {
  const directory = await Deno.makeTempDir({ prefix: "kcfg-control-plane-" });
  const running: ServerProcess[] = [];
  const stopNow = () => {
    for (const server of running) server.killNow();
    try {
      Deno.removeSync(directory, { recursive: true });
    } catch {
      // A dying server may still write; the directory is in the temporary folder anyway.
    }
  };
  try {
    return await startIn(directory, { programs, options, running, stopNow });
  } catch (error) {
    for (const server of running) await server.stop("SIGKILL");
    await Deno.remove(directory, { recursive: true });
    throw error;
  }
}

interface StartContext {
  readonly programs: Programs;
  readonly options: ServersOptions;
  readonly running: ServerProcess[];
  readonly stopNow: () => void;
}

async function startIn(directory: string, context: StartContext): Promise<Servers> {
  const { programs, options, running } = context;
  const [etcdPort, peerPort, apiPort] = await freePorts(3);
  const url = `https://127.0.0.1:${apiPort}`;
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const secrets = await writeSecrets(directory);
  const etcd = startServer(programs, {
    name: "etcd",
    logPath: `${directory}/etcd.log`,
    args: [
      "--unsafe-no-fsync",
      "--log-level=error",
      `--data-dir=${directory}/etcd`,
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
      `--initial-cluster=default=http://127.0.0.1:${peerPort}`,
    ],
  });
  running.push(etcd);
  let apiServer: ServerProcess | undefined;
  const startApiServer = async () => {
    apiServer = startServer(programs, {
      name: "kube-apiserver",
      logPath: `${directory}/kube-apiserver.log`,
      args: [...apiServerArgs(directory, { apiPort, etcdUrl }), ...options.apiServerArgs ?? []],
    });
    running.push(apiServer);
    await ready(apiServer, { url, directory, ...secrets });
  };
  const stopApiServer = async (signal: "SIGKILL" | "SIGTERM") => {
    const server = apiServer;
    if (server === undefined) return;
    await server.stop(signal);
    running.splice(running.indexOf(server), 1);
    apiServer = undefined;
  };
  await startApiServer();
  const hasControllers = options.controllerManager !== false && programs.hasControllerManager;
  if (hasControllers) {
    await Deno.writeTextFile(
      `${directory}/controller-manager.kubeconfig`,
      controllerKubeconfig(url, { directory, token: secrets.adminToken }),
    );
    running.push(startServer(programs, {
      name: "kube-controller-manager",
      logPath: `${directory}/kube-controller-manager.log`,
      args: controllerManagerArgs(directory),
    }));
  }
  let stopping: Promise<void> | undefined;
  return {
    url,
    etcdUrl,
    directory,
    caPath: `${directory}/ca.crt`,
    hasControllers,
    ...secrets,
    startApiServer,
    stopApiServer,
    stop() {
      stopping ??= (async () => {
        for (const server of running.splice(0).reverse()) await server.stop("SIGKILL");
        await Deno.remove(directory, { recursive: true });
      })();
      return stopping;
    },
    stopNow: context.stopNow,
  };
}

function apiServerArgs(
  directory: string,
  { apiPort, etcdUrl }: { readonly apiPort: number | undefined; readonly etcdUrl: string },
): string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    `--secure-port=${apiPort}`,
    "--bind-address=127.0.0.1",
    `--tls-cert-file=${directory}/server.crt`,
    `--tls-private-key-file=${directory}/server.key`,
    `--client-ca-file=${directory}/ca.crt`,
    `--token-auth-file=${directory}/tokens.csv`,
    "--authorization-mode=RBAC",
    `--service-account-key-file=${directory}/service-account.crt`,
    `--service-account-signing-key-file=${directory}/service-account.key`,
    "--service-account-issuer=https://kubernetes.default.svc",
    "--service-cluster-ip-range=10.96.0.0/16",
    "--endpoint-reconciler-type=none",
    "--disable-admission-plugins=ServiceAccount",
    "--v=0",
  ];
}

function controllerManagerArgs(directory: string): string[] {
  return [
    `--kubeconfig=${directory}/controller-manager.kubeconfig`,
    "--leader-elect=false",
    "--use-service-account-credentials=false",
    `--service-account-private-key-file=${directory}/service-account.key`,
    // No port: several planes may run side by side.
    "--secure-port=0",
    "--v=0",
  ];
}

interface Secrets {
  readonly adminToken: string;
  readonly nobodyToken: string;
  readonly adminCertificate: KeyPair;
}

async function writeSecrets(directory: string): Promise<Secrets> {
  const authority = await createCertificateAuthority();
  const server = await authority.issue({
    commonName: "kube-apiserver",
    dnsNames: ["localhost", "kubernetes.default.svc"],
    ipAddresses: ["127.0.0.1", "::1"],
  });
  const adminCertificate = await authority.issue({
    commonName: "certificate-admin",
    organizations: ["system:masters"],
    usage: "client",
  });
  const serviceAccounts = await authority.issue({ commonName: "service accounts" });
  const adminToken = crypto.randomUUID();
  const nobodyToken = crypto.randomUUID();
  const files = {
    "ca.crt": authority.certificatePem,
    "server.crt": server.certificatePem,
    "server.key": server.privateKeyPem,
    "service-account.crt": serviceAccounts.certificatePem,
    "service-account.key": serviceAccounts.privateKeyPem,
    "tokens.csv": `${adminToken},admin,admin,system:masters\n${nobodyToken},nobody,nobody\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${directory}/${name}`, text, { mode: 0o600 });
  }
  return { adminToken, nobodyToken, adminCertificate };
}

function controllerKubeconfig(
  url: string,
  { directory, token }: { readonly directory: string; readonly token: string },
): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{
      name: "plane",
      cluster: { server: url, "certificate-authority": `${directory}/ca.crt` },
    }],
    users: [{ name: "admin", user: { token } }],
    contexts: [{ name: "plane", context: { cluster: "plane", user: "admin" } }],
    "current-context": "plane",
  });
}

async function ready(
  server: ServerProcess,
  { url, directory, adminToken }: {
    readonly url: string;
    readonly directory: string;
    readonly adminToken: string;
  },
): Promise<void> {
  let hasEnded = false;
  server.ended.then(() => {
    hasEnded = true;
  });
  const caPem = await Deno.readTextFile(`${directory}/ca.crt`);
  const deadline = performance.now() + READY_WITHIN_MS;
  while (true) {
    // A refused connection only means "not yet".
    const answer = await plainRequest({ url, caPem, token: adminToken }, { path: "/readyz" })
      .catch(() => undefined);
    if (answer?.status === 200) return;
    if (hasEnded || performance.now() > deadline) {
      const log = await tailOf(`${directory}/kube-apiserver.log`);
      throw new Error(`Cannot start the API server: not ready, its log ends with\n${log}`);
    }
    await new Promise<void>((resolve) => setTimeout(resolve, 50));
  }
}

/** Ports that were free a moment ago; all are held until the last is known, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const listeners = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  const ports: number[] = [];
  for (const listener of listeners) {
    if (!listener.listening) await once(listener, "listening");
    ports.push((listener.address() as AddressInfo).port);
  }
  for (const listener of listeners) {
    const closed = once(listener, "close");
    listener.close();
    await closed;
  }
  return ports;
}
