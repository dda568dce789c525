/**
 * The loop of an informer: list, watch, recover, until stopped. It decides nothing about failures (that is
 * `recovery.ts`) and holds no objects (that is the sink's store).
 */

import type { Clock } from "#lib/run/clock.ts";
import type { Logger } from "#lib/log/logger.ts";
import { apiErrorFromStatus } from "../api_error.ts";
import type { InformerOptions, WatchEvent } from "../contract.ts";
import {
  DecodeError,
  isExpired,
  isForbidden,
  isResourceVersionTooLarge,
  KubeApiError,
} from "../errors.ts";
import { listWhole, type MeasuredList } from "../list.ts";
import type { KubeMetrics } from "../metrics.ts";
import type { Requester } from "../requester.ts";
import type { KubeObject, ResourceRef } from "../types.ts";
import { resourceLabel, resourcePath } from "../url.ts";
import { type OpenWatch, openWatch } from "../watch.ts";
import { InitialState } from "./initial_state.ts";
import { Progress } from "./progress.ts";
import { type NextStep, RecoveryPolicy } from "./recovery.ts";
import type { ReflectorSink } from "./reflector_sink.ts";
import { ResyncTimer } from "./resync_timer.ts";
import { RetryWait } from "./retry_wait.ts";
import { type ReadEnd, WatchReader } from "./watch_reader.ts";

/** What the loop needs. */
export interface ReflectorDeps {
  readonly requester: Requester;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: KubeMetrics;
  /** Shared by the informers of a client: what the server turned out not to know. */
  readonly serverKnows: { watchList: boolean };
}

/** Reasons of watches that go on with what a list or an attempt before has begun. */
const CONTINUING = new Set(["listed", "list_denied", "no_watch_list"]);
const BOOKMARK_WAIT_MS = 30_000;
const FALLBACK_BOOKMARK_WAIT_MS = 5000;

/** Where the first state comes from. */
type Start = "list" | "bookmark" | "silence";

/** One list-and-watch loop. */
export class Reflector<T extends KubeObject> {
  readonly #ref: ResourceRef;
  readonly #label: string;
  readonly #options: Omit<InformerOptions, "resource">;
  readonly #deps: ReflectorDeps;
  readonly #sink: ReflectorSink<T>;
  readonly #policy = new RecoveryPolicy();
  readonly #retry: RetryWait;
  readonly #progress: Progress<T>;
  readonly #ignoredTypes = new Set<string>();
  readonly #stop = new AbortController();
  // Ends the present wait or watch early, for a resync.
  #interrupt = new AbortController();
  #start: Start;

  constructor(
    ref: ResourceRef,
    options: Omit<InformerOptions, "resource">,
    { deps, sink }: { readonly deps: ReflectorDeps; readonly sink: ReflectorSink<T> },
  ) {
    const { clock, random, logger, metrics } = deps;
    this.#ref = ref;
    this.#label = resourceLabel(ref);
    this.#options = options;
    this.#deps = deps;
    this.#sink = sink;
    this.#retry = new RetryWait(this.#label, { clock, random, logger, sink });
    const onAccepted = () => {
      this.#policy.applied();
      this.#retry.works();
    };
    this.#progress = new Progress(this.#label, { sink, logger, metrics, onAccepted });
    const streams = options.mode === "watch-list" && deps.serverKnows.watchList;
    this.#start = streams ? "bookmark" : "list";
  }

  /** Runs until `stop`; never rejects but for a defect. */
  async run(): Promise<void> {
    const { clock, random } = this.#deps;
    const onDue = () => this.#interrupt.abort();
    const resync = new ResyncTimer(this.#options.resyncMs ?? 0, { clock, random, onDue });
    let step: NextStep = { next: "list", reason: "start", wait: 0 };
    while (!this.#stop.signal.aborted) {
      const interrupt = this.#renewInterrupt();
      try {
        this.#ignore(step.ignoreType);
        await this.#retry.before(step, interrupt);
        step = step.next === "list" && this.#start === "list"
          ? await this.#list(step, interrupt)
          : await this.#watch(step, interrupt);
      } catch (error) {
        step = interrupt.aborted
          ? { next: "list", reason: "resync", wait: 0 }
          : this.#policy.listFailed(error);
      }
    }
    resync.stop();
    this.#sink.setState("stopped");
  }

  /** Ends the loop, its request and its wait. */
  stop(): void {
    this.#stop.abort();
    this.#interrupt.abort();
  }

  #renewInterrupt(): AbortSignal {
    if (this.#interrupt.signal.aborted && !this.#stop.signal.aborted) {
      this.#interrupt = new AbortController();
    }
    return this.#interrupt.signal;
  }

  #ignore(type: string | undefined): void {
    if (type === undefined) return;
    this.#ignoredTypes.add(type);
    const fields = { resource: this.#label, type };
    this.#deps.logger.warn("ignoring an unknown watch event type", fields);
  }

  async #list(step: NextStep, signal: AbortSignal): Promise<NextStep> {
    const { logger } = this.#deps;
    this.#sink.setState("listing");
    this.#sink.relist(step.reason);
    let answer: MeasuredList<T>;
    try {
      answer = await this.#fetchList(step.mostRecent === true, signal);
    } catch (error) {
      signal.throwIfAborted();
      const tryWatch = (this.#options.mode ?? "auto") === "auto" && isForbidden(error);
      if (!tryWatch) return this.#policy.listFailed(error);
      logger.debug("list denied, trying to watch", { resource: this.#label });
      this.#start = this.#deps.serverKnows.watchList ? "bookmark" : "silence";
      return { next: "watch", reason: "list_denied", wait: 0 };
    }
    this.#sink.contact();
    const { list, bytes } = answer;
    const version = list.metadata.resourceVersion ?? "";
    this.#progress.noteType({
      kind: list.kind.replace(/List$/, ""),
      apiVersion: list.apiVersion,
    });
    const differences = await this.#progress.replace(list.items, { version, bytes });
    if (step.reason === "resync" && differences > 0) this.#sink.drift(differences);
    return { next: "watch", reason: "listed", wait: 0 };
  }

  async #fetchList(mostRecent: boolean, signal: AbortSignal): Promise<MeasuredList<T>> {
    const { requester, clock } = this.#deps;
    const { labelSelector, fieldSelector, initialListResourceVersion = "0" } = this.#options;
    const base = { clock, labelSelector, fieldSelector, signal, once: true, waitWhenBehind: false };
    if (mostRecent) return await listWhole<T>(requester, this.#ref, base);
    const { version } = this.#progress;
    // Never back in time: not older than what is known, from the server's cache, in one piece.
    return await listWhole<T>(requester, this.#ref, {
      ...base,
      resourceVersion: version || initialListResourceVersion,
      resourceVersionMatch: version === "" ? undefined : "NotOlderThan",
    });
  }

  async #watch(step: NextStep, interrupt: AbortSignal): Promise<NextStep> {
    // A stream of its own, because a generator that waits for bytes can only be ended from outside.
    const stream = new AbortController();
    const end = () => stream.abort(interrupt.reason);
    interrupt.addEventListener("abort", end, { once: true });
    if (interrupt.aborted) end();
    try {
      return await this.#watchOnce(step, stream);
    } finally {
      interrupt.removeEventListener("abort", end);
    }
  }

  async #watchOnce(step: NextStep, stream: AbortController): Promise<NextStep> {
    const { version } = this.#progress;
    const takesInitial = this.#start !== "list" && (step.next === "list" || version === "");
    const wantsBookmark = takesInitial && this.#start === "bookmark";
    const isFromNowhere = (takesInitial && !wantsBookmark) || step.mostRecent === true;
    if (!CONTINUING.has(step.reason)) {
      if (takesInitial) this.#sink.relist(step.reason);
      else this.#sink.watchRestart(step.reason);
    }
    let open: OpenWatch<T>;
    try {
      open = await this.#open(isFromNowhere ? "" : version, {
        wantsBookmark,
        signal: stream.signal,
      });
    } catch (error) {
      stream.signal.throwIfAborted();
      if (wantsBookmark && isParameterUnknown(error)) return this.#dropBookmark(error);
      if (takesInitial) return this.#initialFailed(error);
      return this.#policy.watchRefused(error);
    }
    this.#sink.contact();
    this.#sink.setState(takesInitial ? "listing" : "watching");
    const initial = takesInitial ? this.#newInitial(wantsBookmark) : undefined;
    return this.#after(await this.#read(open, initial, stream));
  }

  #open(
    version: string,
    { wantsBookmark, signal }: { readonly wantsBookmark: boolean; readonly signal: AbortSignal },
  ): Promise<OpenWatch<T>> {
    const { requester, clock, random } = this.#deps;
    const { labelSelector, fieldSelector, minWatchTimeoutSeconds, maxLineBytes } = this.#options;
    return openWatch<T>(requester, this.#ref, {
      labelSelector,
      fieldSelector,
      minWatchTimeoutSeconds,
      maxLineBytes,
      clock,
      random,
      signal,
      ignoredTypes: this.#ignoredTypes,
      resourceVersion: version || undefined,
      sendInitialEvents: wantsBookmark || undefined,
      resourceVersionMatch: wantsBookmark ? "NotOlderThan" : undefined,
    });
  }

  #newInitial(wantsBookmark: boolean): InitialState<T> {
    const { clock } = this.#deps;
    const giveUpMs = this.#options.mode === "watch-list"
      ? BOOKMARK_WAIT_MS
      : FALLBACK_BOOKMARK_WAIT_MS;
    return new InitialState<T>(wantsBookmark ? "bookmark" : "silence", { clock, giveUpMs });
  }

  #read(
    open: OpenWatch<T>,
    initial: InitialState<T> | undefined,
    stream: AbortController,
  ): Promise<ReadEnd> {
    const reader = new WatchReader<T>(initial, {
      clock: this.#deps.clock,
      contact: () => this.#sink.contact(),
      healthy: () => this.#retry.works(),
      apply: (event, size) => this.#progress.apply(event, size),
      begin: (state, version) => this.#begin(state, version),
      failureOf: (event) => this.#statusError(event),
    });
    return reader.read(open, stream);
  }

  #after(read: ReadEnd): NextStep {
    if (read.kind === "no-bookmark") return this.#dropBookmark(undefined);
    const error = read.kind === "ended" ? read.end.error : read.error;
    this.#logEnd(error);
    return read.kind === "ended" ? this.#policy.watchEnded(read.end) : this.#initialFailed(error);
  }

  async #begin({ objects, bytes }: InitialState<T>, version: string): Promise<void> {
    this.#policy.applied();
    this.#sink.setState("watching");
    await this.#progress.replace(objects, { version, bytes });
  }

  // A first state that did not come is asked for again from its beginning, as a failed list is.
  #initialFailed(error: unknown): NextStep {
    if (this.#options.mode !== "watch-list") this.#start = "list";
    // Otherwise the same version would be refused again and again.
    if (isExpired(error) || isResourceVersionTooLarge(error)) this.#progress.forgetVersion();
    return this.#policy.listFailed(error ?? new Error("The stream ended before the first state"));
  }

  #dropBookmark(failure: unknown): NextStep {
    this.#deps.serverKnows.watchList = false;
    this.#deps.logger.warn("server sends no initial events on watches", {
      resource: this.#label,
      err: failure,
    });
    this.#start = this.#options.mode === "watch-list" ? "list" : "silence";
    return { next: "list", reason: "no_watch_list", wait: 0 };
  }

  #statusError(event: Extract<WatchEvent<T>, { type: "ERROR" }>): KubeApiError {
    const { namespace, group } = this.#ref;
    return apiErrorFromStatus(event.object, {
      subject: { verb: "watch", resource: this.#ref.resource, group, namespace },
      path: resourcePath(this.#ref),
      fallback: 500,
    });
  }

  #logEnd(err: unknown): void {
    if (err === undefined) return;
    const fields = { resource: this.#label, err };
    if (err instanceof DecodeError) this.#deps.logger.error("watch stream undecodable", fields);
    else this.#deps.logger.debug("watch stream ended", fields);
  }
}

function isParameterUnknown(error: unknown): boolean {
  return error instanceof KubeApiError && (error.status === 400 || error.status === 422);
}
