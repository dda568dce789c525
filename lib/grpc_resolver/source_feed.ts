/** Where slices come from (resolve.md 4): EndpointSlices, or Endpoints turned into slices; one informer each. */

import type {
  Informer,
  InformerCounts,
  InformerEvent,
  KubeReader,
  KubeWatcher,
} from "#lib/kube/contract.ts";
import { isForbidden, isNotFound, KubeApiError } from "#lib/kube/errors.ts";
import { type Endpoints, type EndpointSlice, SERVICE_LABEL, slicesOfEndpoints } from "./slices.ts";
import type { Target } from "./target.ts";

/** What is read. */
export type SourceKind = "endpointslices" | "endpoints";

/** What a feed needs and whom it tells. */
export interface FeedDeps {
  readonly kube: Pick<KubeReader, "get"> & Pick<KubeWatcher, "informer">;
  readonly resyncMs: number;
  /** All slices there are now; nothing is told before the first state is complete. */
  readonly onSlices: (
    slices: readonly EndpointSlice[],
    how: { readonly isWholeRead: boolean },
  ) => void;
  /** Once per change to a failing state. */
  readonly onError: (error: unknown, how: FeedFailure) => void;
  /** The server will not give this source: neither list nor watch is allowed, or it has no such resource. */
  readonly onRefused: (error: unknown, how: FeedFailure) => void;
  readonly onRecovered: () => void;
}

/** What a failure means for what is known. */
export interface FeedFailure {
  /** Milliseconds until the next attempt. */
  readonly retryInMs: number;
  /** Slices may still come, by lists alone and therefore late: their coming does not end this failure. */
  readonly isByListsAlone: boolean;
}

type Stored = EndpointSlice | Endpoints;

/** One source of one Service. */
export class SourceFeed {
  readonly kind: SourceKind;
  readonly #target: Target;
  readonly #deps: FeedDeps;
  readonly #informer: Informer<Stored>;
  #isStopped = false;
  #isSynced = false;
  /** Of the first read, until the informer has one. */
  #readVersion = "";

  constructor(kind: SourceKind, target: Target, deps: FeedDeps) {
    this.kind = kind;
    this.#target = target;
    this.#deps = deps;
    const { namespace, service } = target;
    this.#informer = deps.kube.informer<Stored>(
      kind === "endpointslices"
        ? {
          resource: { ...SLICES, namespace },
          labelSelector: `${SERVICE_LABEL}=${service}`,
          initialListResourceVersion: "",
          resyncMs: deps.resyncMs,
        }
        // Only `watch` is asked for, and by name, so that a role limited to this object is enough.
        : {
          resource: { ...ENDPOINTS, namespace },
          fieldSelector: `metadata.name=${service}`,
          mode: "watch-list",
        },
    );
  }

  get lastContactMs(): number | undefined {
    return this.#informer.lastContact;
  }

  get resourceVersion(): string {
    return this.#informer.lastSyncResourceVersion || this.#readVersion;
  }

  /** What its informer had to do. */
  get counts(): InformerCounts {
    return this.#informer.counts;
  }

  start(signal: AbortSignal): void {
    this.#informer.addHandler((event) => this.#take(event));
    this.#informer.onRecovered(() => {
      if (!this.#isStopped) this.#deps.onRecovered();
    });
    this.#informer.start();
    if (this.kind === "endpoints") this.#readFirst(signal);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#informer.stop();
  }

  #take(event: InformerEvent<Stored>): void {
    if (this.#isStopped) return;
    if (event.type === "error") {
      const { error, retryInMs, stage } = event;
      const tell = isRefused(error, stage) ? this.#deps.onRefused : this.#deps.onError;
      return tell(error, { retryInMs, isByListsAlone: stage === "watch" && isForbidden(error) });
    }
    if (event.type === "synced") {
      this.#isSynced = true;
      return this.#deps.onSlices(this.#slices(), { isWholeRead: true });
    }
    // Differences of a whole read come as one, with its end.
    if (this.#isSynced && event.inRead !== true) {
      this.#deps.onSlices(this.#slices(), { isWholeRead: false });
    }
  }

  #slices(): readonly EndpointSlice[] {
    const objects = this.#informer.list();
    const { namespace, service } = this.#target;
    if (this.kind === "endpoints") {
      return objects.filter(({ metadata }) => metadata.name === service)
        .flatMap((one) => slicesOfEndpoints(one as Endpoints));
    }
    return objects.filter(({ metadata }) =>
      metadata.namespace === namespace && metadata.labels?.[SERVICE_LABEL] === service
    ) as EndpointSlice[];
  }

  /** Servers that cannot begin a watch with the whole state let us wait for it; a read does not. */
  #readFirst(signal: AbortSignal): void {
    const { namespace, service } = this.#target;
    const tell = (found: readonly EndpointSlice[]) => {
      if (!this.#isStopped && !this.#isSynced) this.#deps.onSlices(found, { isWholeRead: true });
    };
    this.#deps.kube.get<Endpoints>({ ...ENDPOINTS, namespace, name: service }, {
      signal,
      expectWarnings: true,
    }).then((found) => {
      this.#readVersion = found.metadata.resourceVersion ?? "";
      tell(slicesOfEndpoints(found));
    }, (error) => {
      if (isNotFound(error)) tell([]);
      // The informer meets the same failure and tells it, once.
    });
  }
}

const SLICES = { group: "discovery.k8s.io", version: "v1", resource: "endpointslices" } as const;
const ENDPOINTS = { group: "", version: "v1", resource: "endpoints" } as const;

/** A watch alone that is forbidden is none: the list still gives endpoints. */
function isRefused(error: unknown, stage: "list" | "watch"): boolean {
  if (!(error instanceof KubeApiError)) return false;
  return error.status === 404 || (error.status === 403 && stage === "list");
}
