/** Kubernetes Events on the pod (reload.md 12): one per reason and version a minute, repeated ones counted up. */

import type { KubeClient, KubeObject } from "#lib/kube/mod.ts";
import { openClient } from "#lib/kube/deno_client.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { CycleEvent } from "./cycle_event.ts";
import type { ReloadOptions } from "./options.ts";
import { scopeOf } from "./scope.ts";
import { createSeldom } from "./seldom.ts";

/** Tells the cluster. */
export interface Announcer {
  /** Never waits, never throws; what cannot be told is logged once. */
  announce(event: CycleEvent): void;
  close(): Promise<void>;
}

const MINUTE_MS = 60_000;
const MAX_KNOWN = 1000;
/** While the API server is away, more would pile up; they are news no longer then. */
const MAX_WAITING = 20;
/** An API server that does not answer must not hold up the end. */
const CLOSE_LIMIT_MS = 1000;
const NORMAL = new Set(["ConfigReloaded"]);

/** Makes the announcer. @throws {KubeConfigError} when the API server cannot be found */
export async function createAnnouncer(
  options: ReloadOptions,
  { clock, log, env }: {
    readonly clock: Clock;
    readonly log: Logger;
    readonly env: Readonly<Record<string, string>>;
  },
): Promise<Announcer> {
  const client = await openClient(options.kube, {
    ...{ command: "reload", scope: scopeOf(options), clock, log },
  });
  const pod = env["POD_NAME"] ?? env["HOSTNAME"] ?? "";
  const namespace = env["POD_NAMESPACE"] ?? client.namespace;
  const known = new Map<string, { name: string; count: number; toldMs: number }>();
  // An application that need not be told at the start has heard of its first version.
  let hasSucceeded = options.reloadOnStart === "never";
  const isNews = createSeldom(clock);
  let isDenied = false;
  let queue: Promise<void> = Promise.resolve();
  let waiting = 0;
  const closing = new AbortController();
  const { signal } = closing;

  async function tell({ reason, message, hash }: CycleEvent): Promise<void> {
    // At the start an application that is not there yet is no news.
    if (reason === "ConfigReloaded") hasSucceeded = true;
    if (
      pod === "" || isDenied || signal.aborted || (reason === "ConfigReloadFailed" && !hasSucceeded)
    ) return;
    const now = clock.monotonic();
    const key = `${reason} ${hash}`;
    const before = known.get(key);
    if (before !== undefined && now - before.toldMs < MINUTE_MS) {
      before.count += 1;
      return;
    }
    const time = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
    try {
      if (before === undefined) {
        const name = await create(client, { reason, message, time });
        known.set(key, { name, count: 1, toldMs: now });
        const [oldest] = known.keys();
        if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
        return;
      }
      before.count += 1;
      before.toldMs = now;
      await client.patch(
        { group: "", version: "v1", resource: "events", namespace, name: before.name },
        { type: "merge", body: { count: before.count, lastTimestamp: time } },
        { signal },
      );
    } catch (err) {
      if (signal.aborted) return;
      isDenied = (err as { status?: number }).status === 403;
      if (isNews(reason)) log.warn("Kubernetes Event not written", { reason, err });
    }
  }

  async function create(
    kube: KubeClient,
    { reason, message, time }: {
      readonly reason: string;
      readonly message: string;
      readonly time: string;
    },
  ): Promise<string> {
    const event = await kube.create<KubeObject>({
      ...{ group: "", version: "v1", resource: "events", namespace },
    }, {
      metadata: { generateName: `${pod}.`, namespace },
      involvedObject: { apiVersion: "v1", kind: "Pod", namespace, name: pod },
      reason,
      message: message.slice(0, 1024),
      type: NORMAL.has(reason) ? "Normal" : "Warning",
      source: { component: "kcfg-reload" },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    }, { signal });
    return event.metadata.name ?? "";
  }

  return {
    announce(event) {
      if (waiting >= MAX_WAITING) return;
      waiting += 1;
      queue = queue.then(() => tell(event)).finally(() => waiting -= 1);
    },
    async close() {
      const late = clock.timer(() => closing.abort(), CLOSE_LIMIT_MS);
      await queue;
      late.cancel();
      await client.close();
    },
  };
}
