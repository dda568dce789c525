/**
 * The engine: follows the endpoints of one Service and tells each list that differs. Knows nothing of gRPC; the
 * command and the library see the same lists because both come from here.
 */

import { silentLogger } from "#lib/log/logger.ts";
import type { Logger } from "#lib/log/logger.ts";
import { type Clock, systemClock, type Timer } from "#lib/run/clock.ts";
import type { KubeReader, KubeWatcher } from "#lib/kube/contract.ts";
import { type AddressOptions, computeAddresses } from "./addresses.ts";
import { Publisher } from "./publisher.ts";
import type { AddressList, ServiceFacts } from "./resolution.ts";
import { readService } from "./service.ts";
import { isRefused, SourceFeed, type SourceKind } from "./source_feed.ts";
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
  readonly list: AddressList;
  readonly source: SourceKind;
  readonly resourceVersion: string;
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
  /** The server gives nothing; once per change to a failing state. The last list stays valid. */
  failure(error: unknown): void;
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
const RETRY_SLICES_MS = 600_000;
const RECOVERY_CHECK_MS = 250;
const SERVICE_AGAIN_MS = 30_000;

/** Follows one Service until stopped. */
export class Engine {
  readonly #target: Target;
  readonly #options: EngineOptions;
  readonly #deps: {
    readonly kube: EngineDeps["kube"];
    readonly clock: Clock;
    readonly logger: Logger;
    readonly random: () => number;
  };
  readonly #listener: EngineListener;
  readonly #publisher: Publisher;
  readonly #stopped = new AbortController();
  #feed: SourceFeed | undefined;
  #service: ServiceFacts | undefined;
  #serviceReadMs = -Infinity;
  #serviceRead: Promise<void> | undefined;
  #current: { readonly slices: readonly EndpointSlice[]; readonly source: SourceKind } | undefined;
  #isFailing = false;
  #isWholeRead = false;
  #isRechecking = false;
  readonly #timers = new Set<Timer>();

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
      random: deps.random ?? Math.random,
    };
    this.#listener = listener;
    this.#publisher = new Publisher({
      clock: this.#deps.clock,
      publish: (list) => this.#tell(list),
      fingerprint: options.detailed === true ? (list) => JSON.stringify(list) : undefined,
    });
  }

  /** Wall clock of the last sign of life of the server, ms since the epoch; undefined before. */
  get lastContactMs(): number | undefined {
    return this.#feed?.lastContactMs;
  }

  /** What is known of the Service itself, by now. */
  get service(): ServiceFacts | undefined {
    return this.#service;
  }

  /** Which object is followed. */
  get source(): SourceKind {
    return this.#feed?.kind ?? "endpointslices";
  }

  /** Begins; call once. */
  start(): void {
    if (this.#readsService) this.#serviceRead = this.#readService();
    this.#open(this.#options.source === "endpoints" ? "endpoints" : "endpointslices");
  }

  /** Resolves when nothing will be told any more and the watch is closed; idempotent. */
  async stop(): Promise<void> {
    this.#stopped.abort(new DOMException("The resolver was stopped", "AbortError"));
    this.#publisher.stop();
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    await this.#feed?.stop();
    await this.#serviceRead;
  }

  /** Whether the server gives nothing at the moment. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Reads everything again over a fresh watch; the last list stays until that is done. */
  recheck(): void {
    const feed = this.#feed;
    if (feed === undefined || this.#isRechecking) return;
    this.#isRechecking = true;
    const { kind } = feed;
    // The old watch goes first: a client shares one between equal followers.
    feed.stop().then(() => {
      this.#isRechecking = false;
      if (this.#feed === feed && !this.#stopped.signal.aborted) this.#open(kind);
    });
  }

  get #readsService(): boolean {
    const { service = "auto", portMode = "literal" } = this.#options;
    if (service !== "auto") return service === "always";
    return portMode !== "literal" && this.#target.portMode === "number";
  }

  #open(kind: SourceKind): void {
    const previous = this.#feed;
    const feed: SourceFeed = new SourceFeed(kind, this.#target, {
      kube: this.#deps.kube,
      resyncMs: this.#options.resyncPeriodMs ?? RESYNC_MS,
      onSlices: (slices, { isWholeRead }) => {
        if (this.#feed === feed) this.#take(slices, { source: kind, isWholeRead });
      },
      onError: (error) => {
        if (this.#feed === feed) this.#fail(error, kind);
      },
    });
    this.#feed = feed;
    // Its last words are not listened to; nothing here waits for them.
    previous?.stop().catch((err) => this.#deps.logger.warn("watch not closed", { err }));
    feed.start(this.#stopped.signal);
  }

  #take(
    slices: readonly EndpointSlice[],
    { source, isWholeRead }: { readonly source: SourceKind; readonly isWholeRead: boolean },
  ): void {
    this.#current = { slices, source };
    this.#recover();
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
    if (list.empty !== undefined) this.#diagnose();
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

  #tell(list: AddressList): void {
    if (this.#stopped.signal.aborted) return;
    const isWholeRead = this.#isWholeRead;
    this.#isWholeRead = false;
    this.#listener.list({
      list,
      source: this.#current?.source ?? "endpointslices",
      resourceVersion: this.#feed?.resourceVersion ?? "",
      service: this.#service,
      observedAtMs: this.#deps.clock.now(),
      isWholeRead,
    });
  }

  /** Whether the Service exists is worth a request when there is nothing to use; at most one per 30 s. */
  #diagnose(): void {
    if (this.#options.service === "never") return;
    const nowMs = this.#deps.clock.monotonic();
    if (nowMs - this.#serviceReadMs < SERVICE_AGAIN_MS) return;
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

  #fail(error: unknown, kind: SourceKind): void {
    const { source = "auto" } = this.#options;
    if (kind === "endpointslices" && source === "auto" && isRefused(error)) {
      this.#deps.logger.info("EndpointSlices refused, following Endpoints", {
        target: this.#target.canonical,
      });
      this.#open("endpoints");
      const { random } = this.#deps;
      this.#later(RETRY_SLICES_MS * (0.9 + 0.2 * random()), () => this.#open("endpointslices"));
      return;
    }
    this.#isFailing = true;
    this.#listener.failure(error);
    this.#checkRecovery();
  }

  /** A watch that goes on where it was says nothing by itself. */
  #checkRecovery(): void {
    this.#later(RECOVERY_CHECK_MS, () => {
      if (!this.#isFailing) return;
      if (this.#feed?.isWatching === true) this.#recover();
      else this.#checkRecovery();
    });
  }

  #recover(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#listener.recovered();
  }

  #later(delayMs: number, act: () => void): void {
    const timer = this.#deps.clock.timer(
      () => {
        this.#timers.delete(timer);
        if (!this.#stopped.signal.aborted) act();
      },
      delayMs,
      { unref: true },
    );
    this.#timers.add(timer);
  }
}
