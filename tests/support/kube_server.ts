/**
 * A fake API server inside the test process: list, watch, every write, discovery, access and logs over
 * HTTP/2 and HTTP/1.1, with a script of faults. The suite in `tests/contract/kube/` runs on it and on the
 * real server alike. No schemas, no admission, no controllers but garbage collection.
 */

import {
  type CertificateAuthority,
  createCertificateAuthority,
} from "#tests/support/certificates.ts";
import { Access, type User } from "#tests/support/kube_server/access.ts";
import { refOf } from "#tests/support/kube_server/deletion.ts";
import type { Exchange } from "#tests/support/kube_server/exchange.ts";
import {
  type Fault,
  type FaultMatch,
  FaultScript,
  type GoawayMode,
  type InjectedFault,
} from "#tests/support/kube_server/faults.ts";
import { copy, type JsonObject, metadataOf, textAt } from "#tests/support/kube_server/json.ts";
import { listen, type Listener } from "#tests/support/kube_server/listener.ts";
import { timestamp, type World } from "#tests/support/kube_server/replace.ts";
import { PodLogs } from "#tests/support/kube_server/pod_logs.ts";
import type { KubeServerOptions } from "#tests/support/kube_server/options.ts";
import { handle } from "#tests/support/kube_server/requests.ts";
import type { RecordedRequest, ServerState } from "#tests/support/kube_server/state.ts";
import { ResourceTable, type ResourceType } from "#tests/support/kube_server/resources.ts";
import { type ObjectRef, Store } from "#tests/support/kube_server/store.ts";
import { Timers } from "#tests/support/kube_server/timers.ts";
import { isWatchOf, type OpenWatch } from "#tests/support/kube_server/watches.ts";

const NAMESPACES = ["default", "kube-node-lease", "kube-public", "kube-system"];
const MIB = 1024 * 1024;
const VERSION: JsonObject = {
  major: "1",
  minor: "36",
  gitVersion: "v1.36.3",
  gitCommit: "",
  gitTreeState: "",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: "",
  platform: "",
};

/** Starts a server; a few milliseconds. */
export async function startKubeServer(options: KubeServerOptions = {}): Promise<KubeServer> {
  const authority = options.tls === false
    ? undefined
    : options.tls?.authority ?? await createCertificateAuthority();
  const server = new KubeServer(options, authority);
  await server.resume();
  return server;
}

/** A running fake API server. `await using` stops it. */
export class KubeServer implements AsyncDisposable {
  /** The authority of its certificate; `undefined` for plain HTTP. */
  readonly authority: CertificateAuthority | undefined;
  readonly #options: KubeServerOptions;
  readonly #state: ServerState;
  #listener: Listener | undefined;
  #port: number;

  /** Use `startKubeServer`. */
  constructor(options: KubeServerOptions, authority: CertificateAuthority | undefined) {
    this.#options = options;
    this.#port = options.port ?? 0;
    this.authority = authority;
    const now = options.now ?? (() => new Date());
    const world: World = {
      store: new Store({
        firstRevision: options.firstResourceVersion ?? 1000,
        historyLimit: options.historyLimit ?? 10_000,
      }),
      resources: new ResourceTable(),
      now,
    };
    this.#state = {
      world,
      access: new Access(world, { isOpen: true }),
      faults: new FaultScript(),
      timers: new Timers(),
      logs: new PodLogs(now),
      watches: new Set(),
      requests: [],
      brokenGroups: new Set(),
      hasAggregatedDiscovery: options.aggregatedDiscovery ?? true,
      pathPrefix: options.pathPrefix ?? "",
      version: { ...VERSION, ...options.version },
      maxBufferedBytes: options.maxBufferedBytes ?? 64 * MIB,
    };
    for (const [token, user] of Object.entries(options.users ?? {})) this.addUser(token, user);
    for (const name of NAMESPACES) {
      this.put({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name, labels: { "kubernetes.io/metadata.name": name } },
        spec: { finalizers: ["kubernetes"] },
        status: { phase: "Active" },
      });
    }
  }

  /** Port, the same after `pause` and `resume`. */
  get port(): number {
    return this.#port;
  }

  /** `https://127.0.0.1:port` with the prefix. */
  get url(): string {
    const host = this.#options.host ?? "127.0.0.1";
    const scheme = this.authority === undefined ? "http" : "https";
    const name = host.includes(":") ? `[${host}]` : host;
    return `${scheme}://${name}:${this.#port}${this.#state.pathPrefix}`;
  }

  /** What a client has to trust; empty for plain HTTP. */
  get caPem(): string {
    return this.authority?.certificatePem ?? "";
  }

  /** Requests so far, oldest first; emptied by `requests.length = 0`. */
  get requests(): RecordedRequest[] {
    return this.#state.requests;
  }

  /** TCP connections open now. */
  get connectionCount(): number {
    return this.#listener?.connectionCount ?? 0;
  }

  /** The newest resourceVersion. */
  get resourceVersion(): number {
    return this.#state.world.store.revision;
  }

  /** A kubeconfig, as JSON text, for `token` (default: none). */
  kubeconfig({ token, namespace = "default" }: {
    readonly token?: string;
    readonly namespace?: string;
  } = {}): string {
    const ca = new TextEncoder().encode(this.caPem).toBase64();
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{
        name: "fake",
        cluster: { server: this.url, ...(ca === "" ? {} : { "certificate-authority-data": ca }) },
      }],
      users: [{ name: "user", user: token === undefined ? {} : { token } }],
      contexts: [{ name: "fake", context: { cluster: "fake", user: "user", namespace } }],
      "current-context": "fake",
    });
  }

  /** Stores an object without checks, as a controller behind the API would; returns what is stored. */
  put(object: JsonObject): JsonObject {
    const ref = this.#ref(object);
    const { store } = this.#state.world;
    const live = store.get(ref);
    const given = copy(object);
    given["metadata"] = {
      uid: textAt(live, "metadata", "uid") || crypto.randomUUID(),
      creationTimestamp: textAt(live, "metadata", "creationTimestamp") ||
        timestamp(this.#state.world),
      ...metadataOf(given),
    };
    const stored = store.put(ref, given);
    if (ref.resource.resource === "customresourcedefinitions") {
      this.#state.world.resources.define(stored);
    }
    return stored;
  }

  /** Removes an object at once, whatever its finalizers. */
  remove(object: JsonObject): JsonObject | undefined {
    return this.#state.world.store.remove(this.#ref(object));
  }

  /** A stored object by `apiVersion`, `kind` and metadata. Not to be changed. */
  get(object: JsonObject): JsonObject | undefined {
    return this.#state.world.store.get(this.#ref(object));
  }

  /** Every object of a kind in the order of keys. */
  list(apiVersion: string, kind: string): JsonObject[] {
    const type = this.#state.world.resources.ofKind(apiVersion, kind);
    return type === undefined ? [] : this.#state.world.store.all(type);
  }

  /** Sets the counter, also backwards; watches cannot resume from before. */
  setResourceVersion(revision: number): void {
    this.#state.world.store.setRevision(revision);
  }

  /** Forgets history: older pages and watches get 410. Default: all of it. */
  compact(revision: number = this.resourceVersion): void {
    this.#state.world.store.compact(revision);
  }

  /** Serves one more resource without a definition. */
  addResource(type: ResourceType): void {
    this.#state.world.resources.add(type);
  }

  /** Makes an aggregated API (`metrics.k8s.io/v1beta1`) known whose server does not answer. */
  breakGroup(groupVersion: string): void {
    this.#state.brokenGroups.add(groupVersion);
  }

  /** Changes `/version`. */
  setVersion(version: JsonObject): void {
    this.#state.version = { ...this.#state.version, ...version };
  }

  /** Makes a token valid; from the first on, requests need credentials. */
  addUser(token: string, user: User): void {
    this.#state.access.addUser(token, user);
  }

  /** Makes a token invalid: 401. */
  revokeToken(token: string): void {
    this.#state.access.revoke(token);
  }

  /** Replaces a token by another one of the same user. */
  rotateToken(from: string, to: string): void {
    this.#state.access.rotate(from, to);
  }

  /** Logs of pods. */
  get logs(): PodLogs {
    return this.#state.logs;
  }

  /** Puts a fault into the script. */
  inject(fault: Fault, match: FaultMatch = {}): InjectedFault {
    return this.#state.faults.add(fault, match);
  }

  /** Takes all faults out. */
  clearFaults(): void {
    this.#state.faults.clear();
  }

  /** Watches open now, oldest first. */
  watches(filter: { readonly resource?: string; readonly namespace?: string } = {}): OpenWatch[] {
    return [...this.#state.watches].filter((watch) => isWatchOf(watch, filter));
  }

  /** Sends a bookmark on every open watch. */
  bookmark(): void {
    for (const watch of this.#state.watches) watch.bookmark();
  }

  /** GOAWAY on every HTTP/2 connection. */
  goaway(mode: GoawayMode): void {
    this.#listener?.goaway(mode);
  }

  /** Resets every connection. */
  cutConnections(): void {
    this.#listener?.cutAll();
  }

  /** Stops listening and drops all connections: clients are refused until `resume`. */
  async pause(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    await listener?.close();
  }

  /** Listens again on the same port, with a fresh certificate of the same authority. */
  async resume(): Promise<void> {
    const tls = this.#options.tls === false ? undefined : this.#options.tls ?? {};
    const authority = this.authority;
    const keyPair = await authority?.issue({
      commonName: "kube-apiserver",
      dnsNames: tls?.dnsNames ?? ["localhost"],
      ipAddresses: tls?.ipAddresses ?? ["127.0.0.1", "::1"],
      ...(tls?.notAfter === undefined ? {} : { notAfter: tls.notAfter }),
    });
    this.#listener = await listen({
      host: this.#options.host ?? "127.0.0.1",
      port: this.#port,
      tls: keyPair === undefined ? undefined : {
        keyPair,
        clientCaPem: this.caPem,
        requireClientCertificate: tls?.requireClientCertificate ?? false,
        http2: this.#options.http2 ?? true,
      },
      maxConcurrentStreams: this.#options.maxConcurrentStreams ?? 250,
    }, {
      timers: this.#state.timers,
      onExchange: (exchange: Exchange) => void handle(this.#state, exchange),
    });
    this.#port = this.#listener.port;
  }

  /** Ends everything. Idempotent. */
  async stop(): Promise<void> {
    await this.pause();
    this.#state.timers.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #ref(object: JsonObject): ObjectRef {
    const ref = refOf(this.#state.world, object);
    if (ref !== undefined) return ref;
    throw new TypeError(
      `Cannot place object "${textAt(object, "kind")}": kind and apiVersion are not served`,
    );
  }
}
