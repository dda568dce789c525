/**
 * Brings the ring up in the background (serve-config.md 2.5, 7): own address, members, discovery. Until then this
 * replica is a ring of one and loads everything itself.
 */

import type { CheckResult } from "#lib/http/admin.ts";
import type { KubeSettings } from "#lib/kube/deno_client.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Metrics } from "#lib/metrics/metrics.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { OwnerAnswer } from "../cache/cache_result.ts";
import type { SpreadEvent } from "../refresh/refresher.ts";
import type { LoadRequest } from "../upstream/upstream.ts";
import type { RingSettings } from "./flags.ts";
import { findOwnAddress, peerUrl, systemLookup } from "./own_url.ts";
import type { PeerClientDeps } from "./peer_client.ts";
import type { PeerSecret } from "./peer_secret.ts";
import type { PeerTransport } from "./peer_transport.ts";
import type { PodDiscovery } from "./pod_discovery.ts";
import type { Ring } from "./ring.ts";
import type { RingMetrics } from "./ring_metrics.ts";

/** What it needs. */
export interface RingStartDeps {
  /** The way to the API server, for discovery by pods. */
  readonly kube: KubeSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly metrics: Metrics;
  readonly ringMetrics: RingMetrics;
  readonly secret: PeerSecret | undefined;
  readonly traceHeaders?: PeerClientDeps["traceHeaders"];
  readonly traceCall?: PeerClientDeps["traceCall"];
  readonly maxObjectBytes: number;
  /** Whether a key may go to a peer that is not known to be kcfg. */
  readonly isPlainKey: (key: string) => boolean;
}

/** A ring that is there, or on its way; without discovery there never is one. */
export interface RunningRing {
  /** Begins; `port` is the one that the ring listener is bound to. */
  start(port: number): void;
  /** The ring once the own address is known. */
  current(): Ring | undefined;
  askOwner(key: string, signal: AbortSignal, request?: LoadRequest): Promise<OwnerAnswer>;
  spread(event: SpreadEvent): Promise<void>;
  check(): CheckResult;
  /** Stops following peers and talking to them. */
  stop(): Promise<void>;
}

/** What messages have beside their value. */
const MESSAGE_OVERHEAD_BYTES = 64 * 1024;
const CONNECT_TIMEOUT_MS = 1000;

/** Makes it; nothing runs before `start`. */
export function createRunningRing(settings: RingSettings, deps: RingStartDeps): RunningRing {
  const { clock, log } = deps;
  const stopping = new AbortController();
  let ring: Ring | undefined;
  let transport: PeerTransport | undefined;
  let discovery: PodDiscovery | undefined;
  let running: Promise<void> | undefined;

  const isAlone = settings.discovery.kind === "none";

  async function run(port: number): Promise<void> {
    const [{ createPeerTransport }, { createRing }] = await Promise.all([
      import("./peer_transport.ts"),
      import("./ring.ts"),
    ]);
    const address = await findOwnAddress({
      podIp: settings.podIp,
      readHostname: () => hostnameOf(settings.hostname),
      lookup: systemLookup,
    }, { clock, log, signal: stopping.signal });
    transport = createPeerTransport({
      connectTimeoutMs: Math.min(CONNECT_TIMEOUT_MS, settings.timeoutMs),
      timeoutMs: settings.timeoutMs,
      maxBytes: deps.maxObjectBytes + MESSAGE_OVERHEAD_BYTES,
    }, { clock });
    const self = peerUrl(address, port);
    ring = createRing({ self, kind: settings.kind, isPlainKey: deps.isPlainKey }, {
      transport,
      secret: deps.secret,
      traceHeaders: deps.traceHeaders,
      traceCall: deps.traceCall,
      metrics: deps.ringMetrics,
      clock,
      log,
      signal: stopping.signal,
    });
    log.info("ring joined", { self });
    await follow(ring, port);
  }

  async function follow(joined: Ring, port: number): Promise<void> {
    if (settings.discovery.kind === "static") return joined.replace(settings.discovery.peers);
    if (settings.discovery.kind !== "kubernetes") return;
    if (settings.discovery.isAuto && !await isReadable(TOKEN_PATH)) return;
    const { discoverPods } = await import("./pod_discovery.ts");
    discovery = discoverPods(settings.discovery, {
      kube: deps.kube,
      clock,
      log,
      random: deps.random,
      onPeers: (addresses) => joined.replace(addresses.map((ip) => peerUrl(ip, port))),
      onEvent: deps.ringMetrics.discoveryEvent,
      signal: stopping.signal,
    });
    await discovery.finished;
  }

  return {
    start(port) {
      if (isAlone) return;
      running = run(port).catch((err) => {
        if (!stopping.signal.aborted) log.error("ring cannot be joined", { err });
      });
    },
    current: () => ring,
    askOwner: (key, signal, request) =>
      ring?.askOwner(key, signal, request) ?? Promise.resolve(undefined),
    spread: (event) => ring?.spread(event) ?? Promise.resolve(),
    check() {
      if (isAlone) return { status: "ok" };
      if (ring === undefined) return { status: "fail", detail: "own address is not known" };
      return discovery?.check() ?? { status: "ok" };
    },
    async stop() {
      stopping.abort();
      await running;
      transport?.close();
    },
  };
}

/** Every pod with a service account has it. */
const TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount/token";

async function isReadable(path: string): Promise<boolean> {
  try {
    (await Deno.open(path)).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      return false;
    }
    throw error;
  }
}

async function hostnameOf(known: string | undefined): Promise<string> {
  return known ?? (await Deno.readTextFile("/etc/hostname")).trim();
}
