/** Where slices come from: EndpointSlices by watch, or Endpoints where a role or a cluster has nothing else (4.1, 4.2). */

import { KubeApiError } from "#lib/kube/errors.ts";
import type { Informer, KubeClient } from "#lib/kube/contract.ts";
import type { KubeObject } from "#lib/kube/types.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock, Timer } from "#lib/run/clock.ts";
import {
  type Endpoints,
  type EndpointSlice,
  isTruncated,
  SERVICE_LABEL,
  slicesOfEndpoints,
} from "./slices.ts";
import type { Target } from "./target.ts";

/** Name of a source. */
export type SourceName = "endpointslices" | "endpoints";

/** What a source tells; never before `start` returned. */
export interface SourceEvents {
  /** All slices are known, or one changed. `isComplete` after a list. */
  onSlices(isComplete: boolean): void;
  /** It cannot be read now; it goes on trying. */
  onError(error: unknown): void;
}

/** What a source needs. */
export interface SourceDeps {
  readonly client: Pick<KubeClient, "informer">;
  readonly clock: Clock;
  readonly log: Logger;
}

const RETRY_SLICES_MS = 600_000;

/** The slices of one Service. */
export class SliceSource {
  readonly #target: Pick<Target, "namespace" | "service" | "canonical">;
  readonly #wanted: "auto" | SourceName;
  readonly #resyncMs: number;
  readonly #deps: SourceDeps;
  readonly #events: SourceEvents;
  #slices: Informer<EndpointSlice> | undefined;
  #endpoints: Informer<Endpoints> | undefined;
  #retry: Timer | undefined;
  #stopped: Promise<unknown>[] = [];
  #isStopped = false;
  /** Which one is in use. */
  name: SourceName = "endpointslices";

  constructor(
    target: Pick<Target, "namespace" | "service" | "canonical">,
    { source, resyncMs }: { readonly source: "auto" | SourceName; readonly resyncMs: number },
    deps: SourceDeps,
    events: SourceEvents,
  ) {
    this.#target = target;
    this.#wanted = source;
    this.#resyncMs = resyncMs;
    this.#deps = deps;
    this.#events = events;
  }

  /** Starts listing and watching. */
  start(): void {
    if (this.#wanted === "endpoints") this.#startEndpoints();
    else this.#startSlices();
  }

  /** All slices now, of this Service alone. */
  slices(): readonly EndpointSlice[] {
    const { namespace, service } = this.#target;
    if (this.name === "endpoints") {
      const found = this.#endpoints?.get(namespace, service);
      return found === undefined ? [] : slicesOfEndpoints(found);
    }
    return (this.#slices?.list() ?? []).filter(({ metadata }) =>
      metadata.namespace === namespace && metadata.labels?.[SERVICE_LABEL] === service
    );
  }

  /** Whether Endpoints were cut at a thousand addresses. */
  get isTruncated(): boolean {
    const { namespace, service } = this.#target;
    const found = this.name === "endpoints" ? this.#endpoints?.get(namespace, service) : undefined;
    return found !== undefined && isTruncated(found);
  }

  get resourceVersion(): string {
    return this.#current?.lastSyncResourceVersion ?? "";
  }

  /** When the server was heard from, milliseconds since the epoch. */
  get lastContact(): number | undefined {
    return this.#current?.lastContact;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#retry?.cancel();
    await Promise.all([this.#slices?.stop(), this.#endpoints?.stop(), ...this.#stopped]);
  }

  get #current(): Informer<KubeObject> | undefined {
    return this.name === "endpoints" ? this.#endpoints : this.#slices;
  }

  #startSlices(): void {
    const { namespace, service } = this.#target;
    const informer = this.#deps.client.informer<EndpointSlice>({
      resource: { group: "discovery.k8s.io", version: "v1", resource: "endpointslices", namespace },
      labelSelector: `${SERVICE_LABEL}=${service}`,
      // A channel must never start from a stale cache.
      initialListResourceVersion: "",
      resyncMs: this.#resyncMs,
    });
    this.#slices = informer;
    this.#follow(informer, "endpointslices", (error) => {
      const isRefused = error instanceof KubeApiError && [403, 404].includes(error.status);
      if (!isRefused || this.#wanted !== "auto" || this.#endpoints !== undefined) return false;
      this.#deps.log.info("EndpointSlices are refused, Endpoints are tried", {
        target: this.#target.canonical,
        err: error,
      });
      this.#startEndpoints();
      return true;
    });
  }

  #startEndpoints(): void {
    const { namespace, service } = this.#target;
    this.name = "endpoints";
    const informer = this.#deps.client.informer<Endpoints>({
      resource: { group: "", version: "v1", resource: "endpoints", namespace },
      fieldSelector: `metadata.name=${service}`,
      initialListResourceVersion: "",
      resyncMs: this.#resyncMs,
    });
    this.#endpoints = informer;
    this.#follow(informer, "endpoints", () => false);
    if (this.#wanted !== "auto") return;
    const refused = this.#slices;
    this.#slices = undefined;
    if (refused !== undefined) this.#stopped.push(refused.stop());
    this.#retry = this.#deps.clock.timer(() => this.#retrySlices(), RETRY_SLICES_MS, {
      unref: true,
    });
  }

  /** Rights may have been granted meanwhile. */
  #retrySlices(): void {
    if (this.#isStopped) return;
    const before = this.#endpoints;
    this.#endpoints = undefined;
    if (before !== undefined) this.#stopped.push(before.stop());
    this.name = "endpointslices";
    this.#startSlices();
  }

  #follow<T extends KubeObject>(
    informer: Informer<T>,
    name: SourceName,
    isHandled: (error: unknown) => boolean,
  ): void {
    informer.addHandler((event) => {
      if (this.#isStopped || this.name !== name) return;
      if (event.type === "error") {
        if (!isHandled(event.error)) this.#events.onError(event.error);
      } else if (informer.hasSynced) this.#events.onSlices(event.type === "synced");
    });
    informer.start();
  }
}
