/**
 * The engine: follows the endpoints of one Service and tells each list that differs. Knows nothing of gRPC; the
 * command and the library see the same lists because both come from here.
 */

import { silentLogger } from "#lib/log/logger.ts";
import type { Logger } from "#lib/log/logger.ts";
import { type Clock, systemClock, type Timer } from "#lib/run/clock.ts";
import type { KubeReader, KubeWatcher } from "#lib/kube/contract.ts";
import { type AddressOptions, computeAddresses } from "./addresses.ts";
import { emptyText } from "./messages.ts";
import { Publisher } from "./publisher.ts";
import type { AddressList, EmptyReason, ServiceFacts } from "./resolution.ts";
import { haveSameAddresses, isSameList } from "./same_list.ts";
import { readService } from "./service.ts";
import type { SourceCounts } from "./source_counts.ts";
import type { SourceKind } from "./source_feed.ts";
import { type SlicesOrigin, Sources } from "./sources.ts";
import type { EndpointSlice } from "./slices.ts";
import type { Target } from "./target.ts";

/** How a Service is followed. */
export interface EngineOptions extends Omit<AddressOptions, "service"> {
  /** `auto` (default): EndpointSlices, or Endpoints where slices are refused. */
  readonly source?: SourceKind | "auto" | undefined;
  /** Whether the Service is read: `auto` (default) where a port number or a diagnosis needs it. */
  readonly service?: "always" | "auto" | "never" | undefined;
  /** Milliseconds between consistency re-lists, ±10 %; 1,800,000 by default, 0 for none. */
  readonly resyncPeriodMs?: number | undefined;
  /** Whether a change of anything that is known counts, not of addresses alone; false by default. */
  readonly detailed?: boolean | undefined;
}

/** What is known at one moment. */
export interface Snapshot {
  /** The endpoints. */
  readonly list: AddressList;
  /** What was read. */
  readonly source: SourceKind;
  /** Of the list or of the last event. */
  readonly resourceVersion: string;
  /** What is known of the Service; `undefined` when it was not read or is not readable. */
  readonly service: ServiceFacts | undefined;
  /** Wall clock, ms since the epoch. */
  readonly observedAtMs: number;
  /** Whether it comes from a whole read rather than from an event. */
  readonly isWholeRead: boolean;
}

/** Told by the engine; never synchronously from `start`. */
export interface EngineListener {
  /** A list that differs from the last one, or the result of a whole read. */
  list(snapshot: Snapshot): void;
  /**
   * The server gives nothing, and is asked again after `retryInMs`; once per change to a failing state. The last
   * list stays valid.
   */
  failure(error: unknown, retryInMs: number): void;
  /** It does again. */
  recovered(): void;
}

/** What the engine needs. */
export interface EngineDeps {
  readonly kube: Pick<KubeReader, "get"> & Pick<KubeWatcher, "informer">;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
  /** In [0, 1). */
  readonly random?: (() => number) | undefined;
}

const RESYNC_MS = 1_800_000;
const SERVICE_AGAIN_MS = 30_000;
const SERVICE_SOON_MS = 1000;
const MAX_NOTES = 20;

/** Follows one Service until stopped. */
export class Engine {
  readonly #target: Target;
  readonly #options: EngineOptions;
  readonly #deps: {
    readonly kube: EngineDeps["kube"];
    readonly clock: Clock;
    readonly logger: Logger;
  };
  readonly #listener: EngineListener;
  readonly #publisher: Publisher;
  readonly #sources: Sources;
  readonly #stopped = new AbortController();
  readonly #notes = new Set<string>();
  #service: ServiceFacts | undefined;
  #serviceReadMs = -Infinity;
  #serviceRead: Promise<void> | undefined;
  /** Milliseconds until the Service is awaited again; doubled each time it is not as it should be. */
  #againMs = SERVICE_SOON_MS;
  #again: Timer | undefined;
  #current: { readonly slices: readonly EndpointSlice[]; readonly source: SourceKind } | undefined;
  #isFailing = false;
  /** The failure is that of a watch, and lists go on. */
  #isByListsAlone = false;
  #isWholeRead = false;
  /** Why the list told last was empty. */
  #toldReason: string | undefined;

  constructor(
    target: Target,
    options: EngineOptions,
    { deps, listener }: { readonly deps: EngineDeps; readonly listener: EngineListener },
  ) {
    this.#target = target;
    this.#options = options;
    this.#deps = {
      kube: deps.kube,
      clock: deps.clock ?? systemClock,
      logger: deps.logger ?? silentLogger,
    };
    this.#listener = listener;
    this.#sources = new Sources(target, options.source ?? "auto", {
      ...this.#deps,
      random: deps.random ?? Math.random,
      resyncMs: options.resyncPeriodMs ?? RESYNC_MS,
      onSlices: (slices, origin) => this.#take(slices, origin),
      onError: (error, { retryInMs, isByListsAlone }) => {
        this.#isFailing = true;
        this.#isByListsAlone = isByListsAlone;
        this.#listener.failure(error, retryInMs);
      },
      onRecovered: () => this.#recover(),
    });
    this.#publisher = new Publisher({
      clock: this.#deps.clock,
      publish: (list) => {
        this.#toldReason = this.#reasonOf(list);
        this.#tell(list);
      },
      isSame: (list, published) => this.#isSame(list, published),
    });
  }

  /** Wall clock of the last sign of life of the server, ms since the epoch; undefined before. */
  get lastContactMs(): number | undefined {
    return this.#sources.feed?.lastContactMs;
  }

  /** What is known of the Service itself, by now. */
  get service(): ServiceFacts | undefined {
    return this.#service;
  }

  /** Which object is followed. */
  get source(): SourceKind {
    return this.#sources.feed?.kind ?? "endpointslices";
  }

  /** How often it had to begin anew, and why. */
  get counts(): SourceCounts {
    return this.#sources.counts;
  }

  /** Begins; call once. */
  start(): void {
    if (this.#readsService) this.#serviceRead = this.#readService();
    this.#sources.start();
  }

  /** Resolves when nothing will be told any more and the watch is closed; idempotent. */
  async stop(): Promise<void> {
    this.#stopped.abort(new DOMException("The resolver was stopped", "AbortError"));
    this.#publisher.stop();
    this.#again?.cancel();
    await this.#sources.stop();
    await this.#serviceRead;
  }

  /** Whether the server gives nothing at the moment. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Reads everything again over a fresh watch; the last list stays until that is done. */
  recheck(): void {
    this.#sources.recheck();
  }

  get #readsService(): boolean {
    const { service = "auto", portMode = "literal" } = this.#options;
    if (service !== "auto") return service === "always";
    return portMode !== "literal" && this.#target.portMode === "number";
  }

  #take(
    slices: readonly EndpointSlice[],
    { source, isWholeRead }: SlicesOrigin,
  ): void {
    this.#current = { slices, source };
    if (!this.#isByListsAlone) this.#recover();
    if (this.#serviceRead === undefined) return this.#offer({ isWholeRead });
    this.#serviceRead.then(() => this.#offer({ isWholeRead }));
  }

  #offer({ isWholeRead }: { readonly isWholeRead: boolean }): void {
    if (this.#current === undefined || this.#stopped.signal.aborted) return;
    const list = computeAddresses(
      this.#target,
      this.#current.slices,
      { ...this.#options, service: this.#service },
    );
    this.#note(list.notes);
    if (list.empty !== undefined) this.#diagnose(list.empty);
    else this.#againMs = SERVICE_SOON_MS;
    if (!isWholeRead) return this.#publisher.offer(list);
    this.#isWholeRead = true;
    const before = this.#publisher.published;
    this.#publisher.replace(list);
    // Told even when equal: who prints snapshots wants one after each whole read.
    if (this.#isWholeRead && this.#options.detailed === true && before !== undefined) {
      this.#tell(list);
    }
    this.#isWholeRead = false;
  }

  /** The same is not told twice; of an empty list the reason counts, which may come later than the list. */
  #isSame(list: AddressList, told: AddressList): boolean {
    if (this.#reasonOf(list) !== this.#toldReason) return false;
    if (this.#options.detailed === true) return isSameList(list, told);
    return haveSameAddresses(list.usable, told.usable);
  }

  #reasonOf({ empty }: AddressList): string | undefined {
    if (empty === undefined) return undefined;
    return emptyText(this.#target, empty, {
      service: this.#service,
      source: this.#current?.source ?? "endpointslices",
    });
  }

  /** Each text once, and no more of them than a person would read. */
  #note(notes: readonly string[]): void {
    for (const note of notes) {
      if (this.#notes.has(note) || this.#notes.size >= MAX_NOTES) continue;
      this.#notes.add(note);
      this.#deps.logger.info("port taken", { target: this.#target.canonical, note });
    }
  }

  #tell(list: AddressList): void {
    if (this.#stopped.signal.aborted) return;
    const isWholeRead = this.#isWholeRead;
    this.#isWholeRead = false;
    this.#listener.list({
      list,
      source: this.#current?.source ?? "endpointslices",
      resourceVersion: this.#sources.feed?.resourceVersion ?? "",
      service: this.#service,
      observedAtMs: this.#deps.clock.now(),
      isWholeRead,
    });
  }

  /**
   * Whether the Service exists is worth a request when there is nothing to use; at most one per 30 s. A port that only
   * the Service knows is looked for until it is there: no event of a slice says that the Service has it now. So is a
   * Service without slices, where it is always wanted.
   */
  #diagnose({ kind }: EmptyReason): void {
    const { portMode = "literal", service } = this.#options;
    if (service === "never") return;
    const isForPort = kind === "no-port" && portMode !== "literal" &&
      this.#target.portMode === "number";
    const isAwaited = isForPort || (kind === "no-slices" && service === "always");
    const againMs = isAwaited ? this.#againMs : SERVICE_AGAIN_MS;
    const waitMs = this.#serviceReadMs + againMs - this.#deps.clock.monotonic();
    this.#again?.cancel();
    if (waitMs <= 0) return this.#readAgain();
    if (!isAwaited) return;
    this.#again = this.#deps.clock.timer(() => this.#readAgain(), waitMs, { unref: true });
  }

  #readAgain(): void {
    this.#againMs = Math.min(2 * this.#againMs, SERVICE_AGAIN_MS);
    this.#serviceRead = this.#readService();
    this.#serviceRead.then(() => this.#offer({ isWholeRead: false }));
  }

  async #readService(): Promise<void> {
    this.#serviceReadMs = this.#deps.clock.monotonic();
    this.#service = await readService(this.#target, {
      kube: this.#deps.kube,
      logger: this.#deps.logger,
      signal: this.#stopped.signal,
    }) ?? this.#service;
  }

  #recover(): void {
    if (!this.#isFailing) return;
    this.#isFailing = this.#isByListsAlone = false;
    this.#listener.recovered();
  }
}
