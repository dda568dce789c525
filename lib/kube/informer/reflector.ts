/**
 * The loop of an informer: list, watch, recover, until stopped. It decides nothing about failures (that is
 * `recovery.ts`) and holds no objects (that is the sink's store).
 */

import { type Clock, sleep, type Timer } from "#lib/run/clock.ts";
import type { Logger } from "#lib/log/logger.ts";
import { apiErrorFromStatus } from "../api_error.ts";
import type { InformerOptions, InformerState, WatchEvent } from "../contract.ts";
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
import { DENIED_MAX_MS, WatchBackoff } from "./backoff.ts";
import { InitialState } from "./initial_state.ts";
import { type NextStep, RecoveryPolicy } from "./recovery.ts";

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

/** Where objects go. */
export interface ReflectorSink<T extends KubeObject> {
  /** A complete state. Resolves when handlers have room again; returns the number of differences. */
  replace(objects: readonly T[], resourceVersion: string, bytes: number): Promise<number>;
  /** One event; a promise when handlers have no room. */
  apply(event: WatchEvent<T>, size: number): Promise<void> | undefined;
  setState(state: InformerState): void;
  /** A sign of life from the server. */
  contact(): void;
  /** The informer fails, or still fails; it tries again after `retryInMs`. */
  failing(
    failure: unknown,
    options: {
      readonly denied: boolean;
      readonly retryInMs: number;
      readonly stage: "list" | "watch";
    },
  ): void;
  /** A whole read begins. */
  relist(reason: string): void;
  /** A watch is opened again. */
  watchRestart(reason: string): void;
  /** A resync has found differences. */
  drift(differences: number): void;
  /** The informer works, or works again. */
  working(): void;
  /** The version to resume from. */
  advance(resourceVersion: string): void;
}

/** Reasons of watches that go on with what a list or an attempt before has begun. */
const CONTINUING = new Set(["listed", "list_denied", "no_watch_list"]);
const HEALTHY_MS = 1000;
const LONG_DENIED_MS = 10 * 60_000;
const BOOKMARK_WAIT_MS = 30_000;
const FALLBACK_BOOKMARK_WAIT_MS = 5000;

type Start = "list" | "bookmark" | "silence";

/** One list-and-watch loop. */
export class Reflector<T extends KubeObject> {
  readonly #ref: ResourceRef;
  readonly #label: string;
  readonly #options: Omit<InformerOptions, "resource">;
  readonly #deps: ReflectorDeps;
  readonly #sink: ReflectorSink<T>;
  readonly #policy = new RecoveryPolicy();
  readonly #backoff: WatchBackoff;
  readonly #ignoredTypes = new Set<string>();
  readonly #stop = new AbortController();
  // Ends the present wait or watch early, for a resync.
  #interrupt = new AbortController();
  #resyncTimer: Timer | undefined;
  #start: Start;
  #version = "";
  #kind: { readonly kind: unknown; readonly apiVersion: unknown } | undefined;
  // After a watch without a version, ADDED events are in no order; see `kube-client.md` 10.3 rule 3.
  #isOrdered = true;
  #deniedSinceMs: number | undefined;

  constructor(
    ref: ResourceRef,
    options: Omit<InformerOptions, "resource">,
    { deps, sink }: { readonly deps: ReflectorDeps; readonly sink: ReflectorSink<T> },
  ) {
    this.#ref = ref;
    this.#label = resourceLabel(ref);
    this.#options = options;
    this.#deps = deps;
    this.#sink = sink;
    this.#backoff = new WatchBackoff(deps.clock, deps.random);
    const streams = options.mode === "watch-list" && deps.serverKnows.watchList;
    this.#start = streams ? "bookmark" : "list";
  }

  /** Runs until `stop`; never rejects but for a defect. */
  async run(): Promise<void> {
    this.#scheduleResync();
    let step: NextStep = { next: "list", reason: "start", wait: 0 };
    while (!this.#stop.signal.aborted) {
      const interrupt = this.#renewInterrupt();
      try {
        await this.#wait(step, interrupt);
        step = step.next === "list" && this.#start === "list"
          ? await this.#list(step, interrupt)
          : await this.#watch(step, interrupt);
      } catch (error) {
        step = interrupt.aborted
          ? { next: "list", reason: "resync", wait: 0 }
          : this.#policy.listFailed(error);
      }
    }
    this.#resyncTimer?.cancel();
    this.#sink.setState("stopped");
  }

  /** Ends the loop, its request and its wait. */
  stop(): void {
    this.#stop.abort();
    this.#interrupt.abort();
    this.#resyncTimer?.cancel();
  }

  #renewInterrupt(): AbortSignal {
    if (this.#interrupt.signal.aborted && !this.#stop.signal.aborted) {
      this.#interrupt = new AbortController();
    }
    return this.#interrupt.signal;
  }

  async #wait(step: NextStep, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#deps;
    if (step.ignoreType !== undefined) {
      this.#ignoredTypes.add(step.ignoreType);
      logger.warn("ignoring an unknown watch event type", {
        resource: this.#label,
        type: step.ignoreType,
      });
    }
    const denied = step.denied === true;
    if (denied) this.#deniedSinceMs ??= clock.monotonic();
    const retryInMs = step.wait === 0 ? 0 : this.#chooseWait(step);
    const stage = step.reason === "list_failed" ? "list" : "watch";
    if (step.failure !== undefined) this.#sink.failing(step.failure, { denied, retryInMs, stage });
    if (step.wait === 0) return;
    this.#sink.setState(denied ? "denied" : "backoff");
    const { next, reason } = step;
    logger.debug("informer waits", { resource: this.#label, next, reason, delayMs: retryInMs });
    await sleep(retryInMs, { clock, signal });
  }

  #chooseWait({ wait, minWaitMs = 0 }: NextStep): number {
    const isLongDenied = this.#deniedSinceMs !== undefined &&
      this.#deps.clock.monotonic() - this.#deniedSinceMs >= LONG_DENIED_MS;
    const chosenMs = wait === "backoff"
      ? this.#backoff.next(isLongDenied ? DENIED_MAX_MS : undefined)
      : wait;
    return Math.max(chosenMs, minWaitMs);
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
    this.#kind ??= { kind: list.kind.replace(/List$/, ""), apiVersion: list.apiVersion };
    await this.#replace(list.items, { version, bytes, isResync: step.reason === "resync" });
    return { next: "watch", reason: "listed", wait: 0 };
  }

  async #fetchList(mostRecent: boolean, signal: AbortSignal): Promise<MeasuredList<T>> {
    const { requester, clock } = this.#deps;
    const { labelSelector, fieldSelector, initialListResourceVersion = "0" } = this.#options;
    const base = { clock, labelSelector, fieldSelector, signal, once: true, waitWhenBehind: false };
    if (mostRecent) return await listWhole<T>(requester, this.#ref, base);
    // Never back in time: not older than what is known, from the server's cache, in one piece.
    return await listWhole<T>(requester, this.#ref, {
      ...base,
      resourceVersion: this.#version || initialListResourceVersion,
      resourceVersionMatch: this.#version === "" ? undefined : "NotOlderThan",
    });
  }

  async #replace(
    objects: readonly T[],
    state: { readonly version: string; readonly bytes: number; readonly isResync: boolean },
  ): Promise<void> {
    this.#isOrdered = state.version !== "";
    this.#advance(state.version);
    const differences = await this.#sink.replace(objects, state.version, state.bytes);
    if (state.isResync && differences > 0) this.#sink.drift(differences);
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
    const { signal } = stream;
    const { requester, clock, random } = this.#deps;
    const { labelSelector, fieldSelector, minWatchTimeoutSeconds, maxLineBytes } = this.#options;
    const takesInitial = this.#start !== "list" && (step.next === "list" || this.#version === "");
    const wantsBookmark = takesInitial && this.#start === "bookmark";
    const known = (takesInitial && !wantsBookmark) || step.mostRecent === true
      ? undefined
      : this.#version || undefined;
    if (takesInitial && !CONTINUING.has(step.reason)) this.#sink.relist(step.reason);
    else if (!CONTINUING.has(step.reason)) this.#sink.watchRestart(step.reason);
    let open: OpenWatch<T>;
    try {
      open = await openWatch<T>(requester, this.#ref, {
        labelSelector,
        fieldSelector,
        minWatchTimeoutSeconds,
        maxLineBytes,
        clock,
        random,
        signal,
        ignoredTypes: this.#ignoredTypes,
        resourceVersion: known,
        sendInitialEvents: wantsBookmark || undefined,
        resourceVersionMatch: wantsBookmark ? "NotOlderThan" : undefined,
      });
    } catch (error) {
      signal.throwIfAborted();
      if (wantsBookmark && isParameterUnknown(error)) return this.#dropBookmark(error);
      if (takesInitial) return this.#initialFailed(error);
      return this.#policy.watchRefused(error);
    }
    this.#sink.contact();
    this.#sink.setState(takesInitial ? "listing" : "watching");
    const giveUpMs = this.#options.mode === "watch-list"
      ? BOOKMARK_WAIT_MS
      : FALLBACK_BOOKMARK_WAIT_MS;
    const initial = takesInitial
      ? new InitialState<T>(wantsBookmark ? "bookmark" : "silence", { clock, giveUpMs })
      : undefined;
    return await this.#read(open, initial, stream);
  }

  async #read(
    { batches }: OpenWatch<T>,
    first: InitialState<T> | undefined,
    stream: AbortController,
  ): Promise<NextStep> {
    const { signal } = stream;
    const { clock } = this.#deps;
    const startMs = clock.monotonic();
    let initial = first;
    let events = 0;
    let failure: KubeApiError | undefined;
    // A stream that lives for a moment counts as recovery even when nothing happens on it.
    const healthy = clock.timer(() => this.#works(), HEALTHY_MS, { unref: true });
    try {
      let pending = batches.next();
      while (true) {
        const next = initial === undefined
          ? await pending
          : await within(pending, initial.remainingMs, clock);
        if (next === "late") {
          if (initial === undefined) continue;
          if (initial.mode === "bookmark") {
            return this.#dropBookmark(undefined);
          }
          await this.#finishInitial(initial, "");
          initial = undefined;
          continue;
        }
        if (next.done === true) return this.#policy.watchEnded(this.#endNow(startMs, events));
        this.#sink.contact();
        for (const { event, size } of next.value) {
          if (event.type === "END") {
            signal.throwIfAborted();
            this.#logEnd(event.error);
            if (initial !== undefined) return this.#initialFailed(failure ?? event.error);
            const { reason } = event;
            const end = this.#endNow(startMs, events);
            return this.#policy.watchEnded({ ...end, reason, error: failure ?? event.error });
          }
          events += 1;
          if (event.type === "ERROR") {
            failure = this.#statusError(event);
          } else if (initial === undefined) {
            const room = this.#apply(event, size);
            if (room !== undefined) await room;
            if (signal.aborted) break;
          } else if (initial.take(event, size)) {
            await this.#finishInitial(initial, event.object.metadata.resourceVersion ?? "");
            initial = undefined;
          }
        }
        signal.throwIfAborted();
        pending = batches.next();
      }
    } finally {
      healthy.cancel();
      stream.abort();
      await batches.return();
    }
  }

  async #finishInitial(initial: InitialState<T>, version: string): Promise<void> {
    this.#policy.applied();
    this.#sink.setState("watching");
    await this.#replace(initial.objects, { version, bytes: initial.bytes, isResync: false });
  }

  // A first state that did not come is asked for again from its beginning, as a failed list is.
  #initialFailed(error: unknown): NextStep {
    if (this.#options.mode !== "watch-list") this.#start = "list";
    // Otherwise the same version would be refused again and again.
    if (isExpired(error) || isResourceVersionTooLarge(error)) this.#version = "";
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

  #apply(event: Exclude<WatchEvent<T>, { type: "END" | "ERROR" }>, size: number) {
    const { metrics, logger } = this.#deps;
    const { object, type } = event;
    metrics.watchEvent(this.#label, type);
    this.#kind ??= { kind: object.kind, apiVersion: object.apiVersion };
    const isOther = object.kind !== undefined &&
      (object.kind !== this.#kind.kind || object.apiVersion !== this.#kind.apiVersion);
    if (isOther || typeof object.metadata !== "object") {
      logger.warn("ignoring an object of another kind", {
        resource: this.#label,
        kind: object.kind,
      });
      return undefined;
    }
    this.#policy.applied();
    this.#works();
    if (type !== "ADDED") this.#isOrdered = true;
    const version = object.metadata.resourceVersion ?? "";
    const room = type === "BOOKMARK" ? undefined : this.#sink.apply(event, size);
    if (this.#isOrdered && version !== "") this.#advance(version);
    return room;
  }

  #works(): void {
    this.#deniedSinceMs = undefined;
    this.#sink.working();
  }

  #advance(version: string): void {
    this.#version = version;
    this.#sink.advance(version);
  }

  #endNow(startMs: number, events: number) {
    const nowMs = this.#deps.clock.monotonic();
    return { reason: "eof", ageMs: nowMs - startMs, events, nowMs } as const;
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

  #scheduleResync(): void {
    const { resyncMs = 0 } = this.#options;
    if (resyncMs <= 0 || this.#stop.signal.aborted) return;
    const delayMs = resyncMs * (0.9 + 0.2 * this.#deps.random());
    this.#resyncTimer = this.#deps.clock.timer(
      () => {
        this.#interrupt.abort();
        this.#scheduleResync();
      },
      delayMs,
      { unref: true },
    );
  }
}

function isParameterUnknown(error: unknown): boolean {
  return error instanceof KubeApiError && (error.status === 400 || error.status === 422);
}

async function within<R>(work: Promise<R>, ms: number, clock: Clock): Promise<R | "late"> {
  let timer: Timer | undefined;
  const late = new Promise<"late">((resolve) => timer = clock.timer(() => resolve("late"), ms));
  try {
    return await Promise.race([work, late]);
  } finally {
    timer?.cancel();
  }
}
