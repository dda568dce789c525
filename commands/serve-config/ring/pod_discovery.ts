/**
 * Peers from the Kubernetes API (serve-config.md 7.2): the pods that carry the same label and are ready. An API
 * server that is away changes nothing: the last members stay.
 */

import type { CheckResult } from "#lib/http/admin.ts";
import { SERVE_CONFIG_PEERS_SCOPE } from "#lib/kube/declarations/serve_config_peers.ts";
import { type KubeSettings, openClient } from "#lib/kube/deno_client.ts";
import type { Informer, KubeClient, KubeObject } from "#lib/kube/mod.ts";
import type { Logger } from "#lib/log/logger.ts";
import { aborted } from "#lib/run/aborted.ts";
import { Backoff } from "#lib/run/backoff.ts";
import { sleep } from "#lib/run/clock.ts";
import type { Clock, Timer } from "#lib/run/clock.ts";
import type { Discovery } from "./flags.ts";

/** What discovery needs and whom it tells. */
export interface PodDiscoveryDeps {
  /** The way to the API server. */
  readonly kube: KubeSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  /** Called with the addresses of all ready pods when they may have changed. */
  onPeers(addresses: readonly string[]): void;
  /** Called for each event about a pod. */
  onEvent(): void;
  readonly signal: AbortSignal;
}

/** A discovery that runs. */
export interface PodDiscovery {
  check(): CheckResult;
  /** Resolves when it ended and its connections are closed. */
  readonly finished: Promise<void>;
}

/** A pod, as far as it matters here. */
export type Pod = KubeObject & {
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
};

/** After so long without a first list the replica serves all the same. */
const PATIENCE_MS = 60_000;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;

/** Whether a pod belongs to the ring: ready, with an address, not going away. */
export function isMember({ metadata, status }: Pod): boolean {
  if (metadata.deletionTimestamp !== undefined || status?.podIP === undefined) return false;
  if (status.phase === "Succeeded" || status.phase === "Failed") return false;
  return status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ===
    true;
}

/** Follows the pods until `deps.signal` is aborted. */
export function discoverPods(
  settings: Discovery & { readonly kind: "kubernetes" },
  deps: PodDiscoveryDeps,
): PodDiscovery {
  const { clock, log, signal } = deps;
  const startedAt = clock.monotonic();
  const state = { hasSynced: false, failure: "no list of pods yet" as string | undefined };

  async function run(): Promise<void> {
    const backoff = new Backoff({
      initialMs: FIRST_RETRY_MS,
      maxMs: LAST_RETRY_MS,
      random: deps.random,
    });
    while (!signal.aborted) {
      let client: KubeClient | undefined;
      try {
        client = await openClient(deps.kube, {
          command: "serve-config",
          scope: SERVE_CONFIG_PEERS_SCOPE,
          clock,
          log,
        });
        const namespace = settings.namespace ?? client.namespace;
        const labelSelector = settings.selector ??
          await ownSelector(client, { namespace, podName: settings.podName, signal });
        await follow({ client, namespace, labelSelector });
      } catch (err) {
        if (signal.aborted) return;
        state.failure = err instanceof Error ? err.message : String(err);
        log.warn("peers are not known yet", { err });
        await sleep(backoff.next(), { clock, signal }).catch(() => {
          // Told to stop.
        });
      } finally {
        await client?.close();
      }
    }
  }

  async function follow(
    { client, namespace, labelSelector }: {
      readonly client: KubeClient;
      readonly namespace: string;
      readonly labelSelector: string;
    },
  ): Promise<void> {
    const informer = client.informer<Pod>({
      resource: { group: "", version: "v1", resource: "pods", namespace },
      labelSelector,
    });
    const publish = debounced(
      settings.debounceMs,
      clock,
      () => deps.onPeers(addressesOf(informer)),
    );
    const remove = informer.addHandler((event) => {
      if (event.type === "error") {
        state.failure = event.error instanceof Error ? event.error.message : String(event.error);
        log.warn("peers cannot be followed, the last ones stay", { namespace, err: event.error });
        return;
      }
      state.failure = undefined;
      if (event.type === "synced") state.hasSynced = true;
      else deps.onEvent();
      if (informer.hasSynced) publish.soon();
    });
    informer.start();
    await aborted(signal);
    remove();
    publish.cancel();
    await informer.stop();
  }

  return {
    finished: run(),
    check() {
      if (state.failure === undefined && state.hasSynced) return { status: "ok" };
      const isPatient = !state.hasSynced && clock.monotonic() - startedAt < PATIENCE_MS;
      return {
        status: isPatient ? "fail" : "warn",
        detail: state.failure ?? "no list of pods yet",
      };
    },
  };
}

function addressesOf(informer: Informer<Pod>): readonly string[] {
  return informer.list().filter(isMember).flatMap(({ status }) => status?.podIP ?? []);
}

/** The first call acts at once, those that follow within `ms` act together at its end. */
function debounced(ms: number, clock: Clock, act: () => void) {
  let timer: Timer | undefined;
  let isWanted = false;
  const soon = () => {
    isWanted = true;
    if (timer !== undefined) return;
    isWanted = false;
    act();
    timer = clock.timer(
      () => {
        timer = undefined;
        if (isWanted) soon();
      },
      ms,
      { unref: true },
    );
  };
  return { soon, cancel: () => timer?.cancel() };
}

/** `app=VALUE` of the own pod's label. @throws {Error} when the pod or its label is not there */
async function ownSelector(
  client: KubeClient,
  { namespace, podName, signal }: {
    readonly namespace: string;
    readonly podName: string | undefined;
    readonly signal: AbortSignal;
  },
): Promise<string> {
  if (podName === undefined) {
    throw new Error("Cannot find peers: the own pod's name is not known, set POD_NAME");
  }
  const pod = await client.get<Pod>(
    { group: "", version: "v1", resource: "pods", namespace, name: podName },
    { signal },
  );
  const app = pod.metadata.labels?.["app"];
  if (app === undefined || app === "") {
    throw new Error(
      `Cannot find peers: pod "${namespace}/${podName}" has no label app, set --peer-label-selector`,
    );
  }
  return `app=${app}`;
}
