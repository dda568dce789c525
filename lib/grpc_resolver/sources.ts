/** Which source of a Service is followed, and when another one or a fresh look at the same one is (resolve.md 4.2). */

import { isForbidden, KubeApiError } from "#lib/kube/errors.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock, Timer } from "#lib/run/clock.ts";
import { addCounts, NO_COUNTS, type SourceCounts } from "./source_counts.ts";
import { type FeedDeps, type FeedFailure, SourceFeed, type SourceKind } from "./source_feed.ts";
import type { EndpointSlice } from "./slices.ts";
import type { Target } from "./target.ts";

/** What following needs and whom it tells. */
export interface SourcesDeps extends Pick<FeedDeps, "kube" | "resyncMs"> {
  readonly clock: Clock;
  readonly logger: Logger;
  /** In [0, 1). */
  readonly random: () => number;
  readonly onSlices: (slices: readonly EndpointSlice[], how: SlicesOrigin) => void;
  /** The source in use gives nothing. */
  readonly onError: (error: unknown, how: FeedFailure) => void;
  readonly onRecovered: () => void;
}

/** Where slices come from. */
export interface SlicesOrigin {
  readonly source: SourceKind;
  readonly isWholeRead: boolean;
}

const RETRY_SLICES_MS = 600_000;

/** The sources of one target. */
export class Sources {
  readonly #target: Target;
  readonly #choice: SourceKind | "auto";
  readonly #deps: SourcesDeps;
  readonly #stopped = new AbortController();
  #feed: SourceFeed | undefined;
  /** Slices that were refused, tried beside the source in use. */
  #candidate: SourceFeed | undefined;
  #retry: Timer | undefined;
  #past: SourceCounts = NO_COUNTS;
  #begun: "initial" | "requested" = "initial";
  #isRechecking = false;
  /** Why slices are not followed, when that is for want of a right. */
  #refusal: KubeApiError | undefined;

  constructor(target: Target, choice: SourceKind | "auto", deps: SourcesDeps) {
    this.#target = target;
    this.#choice = choice;
    this.#deps = deps;
  }

  /** The one in use. */
  get feed(): SourceFeed | undefined {
    return this.#feed;
  }

  /** What all of them had to do so far. */
  get counts(): SourceCounts {
    const { counts } = this.#feed ?? {};
    return counts === undefined
      ? this.#past
      : addCounts(this.#past, counts, { begun: this.#begun });
  }

  start(): void {
    this.#use(this.#make(this.#choice === "endpoints" ? "endpoints" : "endpointslices"));
  }

  /** Reads everything again over a fresh watch. */
  recheck(): void {
    const feed = this.#feed;
    if (feed === undefined || this.#isRechecking) return;
    this.#isRechecking = true;
    // The old watch goes first: a client shares one between equal followers.
    feed.stop().then(() => {
      this.#isRechecking = false;
      if (this.#feed !== feed || this.#stopped.signal.aborted) return;
      this.#use(this.#make(feed.kind), "requested");
    });
  }

  /** Resolves when the watches are closed; idempotent. */
  async stop(): Promise<void> {
    this.#stopped.abort(new DOMException("The resolver was stopped", "AbortError"));
    this.#retry?.cancel();
    await Promise.all([this.#feed?.stop(), this.#candidate?.stop()]);
  }

  #make(kind: SourceKind): SourceFeed {
    const { kube, resyncMs, onSlices, onRecovered } = this.#deps;
    const feed: SourceFeed = new SourceFeed(kind, this.#target, {
      ...{ kube, resyncMs },
      onSlices: (slices, { isWholeRead }) => {
        if (this.#candidate === feed) this.#adopt(feed);
        if (this.#feed === feed) onSlices(slices, { source: kind, isWholeRead });
      },
      onError: (error, how) => this.#failed(feed, { error, how, isRefused: false }),
      onRefused: (error, how) => this.#failed(feed, { error, how, isRefused: true }),
      onRecovered: () => {
        if (this.#feed === feed) onRecovered();
      },
    });
    return feed;
  }

  #use(feed: SourceFeed, begun: "initial" | "requested" = "initial"): void {
    const previous = this.#feed;
    this.#past = this.counts;
    this.#begun = begun;
    this.#feed = feed;
    // Its last words are not listened to; nothing here waits for them.
    this.#close(previous);
    if (feed !== this.#candidate) feed.start(this.#stopped.signal);
  }

  #adopt(feed: SourceFeed): void {
    this.#deps.logger.info("EndpointSlices are given again, following them", {
      target: this.#target.canonical,
    });
    this.#use(feed);
    this.#candidate = undefined;
  }

  #failed(
    feed: SourceFeed,
    { error, how, isRefused }: {
      readonly error: unknown;
      readonly how: FeedFailure;
      readonly isRefused: boolean;
    },
  ): void {
    if (this.#candidate === feed) {
      this.#candidate = undefined;
      this.#close(feed);
      return this.#retryLater();
    }
    if (this.#feed !== feed) return;
    const isFallingBack = isRefused && feed.kind === "endpointslices" && this.#choice === "auto";
    if (!isFallingBack) {
      // Where neither is allowed the right that is missing is the one on slices.
      const told = isRefused && feed.kind === "endpoints" ? this.#refusal ?? error : error;
      return this.#deps.onError(told, how);
    }
    this.#refusal = error instanceof KubeApiError && isForbidden(error) ? error : undefined;
    this.#deps.logger.info("EndpointSlices refused, following Endpoints", {
      target: this.#target.canonical,
    });
    this.#use(this.#make("endpoints"));
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#stopped.signal.aborted) return;
    const { clock, random } = this.#deps;
    this.#retry?.cancel();
    this.#retry = clock.timer(
      () => {
        this.#candidate = this.#make("endpointslices");
        this.#candidate.start(this.#stopped.signal);
      },
      RETRY_SLICES_MS * (0.9 + 0.2 * random()),
      { unref: true },
    );
  }

  #close(feed: SourceFeed | undefined): void {
    feed?.stop().catch((err) => this.#deps.logger.warn("watch not closed", { err }));
  }
}
