/**
 * One Service followed: from events to published lists (resolve.md 5.8). A lone change goes out at once, a burst in
 * at most two lists, and an address that moves between slices is never missing from one.
 */

import { KubeApiError } from "#lib/kube/errors.ts";
import type { KubeClient } from "#lib/kube/contract.ts";
import { type Logger, silentLogger } from "#lib/log/logger.ts";
import { type Clock, systemClock, type Timer } from "#lib/run/clock.ts";
import { type AddressOptions, computeAddresses, fingerprint } from "./addresses.ts";
import { emptyFailure, errorFailure, type ResolveFailure } from "./messages.ts";
import type { AddressList, ResolvedEndpoint, ServiceFacts } from "./resolution.ts";
import { factsOf, type Service } from "./slices.ts";
import { SliceSource, type SourceName } from "./source.ts";
import type { Target } from "./target.ts";

/** How a Service is followed. */
export interface EngineOptions extends AddressOptions {
  /** Slices, with Endpoints where they are refused, by default. */
  readonly source?: "auto" | SourceName | undefined;
  /** Between two real lists, 30 minutes by default; 0 for never. Milliseconds. */
  readonly resyncMs?: number | undefined;
  /** Whether the Service itself is read, for a better diagnosis. */
  readonly readService?: boolean | undefined;
}

/** What it needs. */
export interface EngineDeps {
  readonly client: Pick<KubeClient, "informer" | "get">;
  readonly clock?: Clock | undefined;
  readonly log?: Logger | undefined;
}

/** A published list with where it is from. */
export interface Published {
  readonly list: AddressList;
  readonly source: SourceName;
  readonly resourceVersion: string;
  readonly service: ServiceFacts | undefined;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** Why nothing is usable; `undefined` when something is. */
  readonly failure: ResolveFailure | undefined;
  /** Whether it is the result of a list and not of an event. */
  readonly isComplete: boolean;
}

/** Who is told. */
export interface EngineListener {
  /** A list that differs from the one before, or the first one. */
  onList?(published: Published): void;
  /** Every event that was taken in, also one that changes no usable address. */
  onState?(published: Published): void;
  /** The server cannot be read; the last list stays. */
  onError?(failure: ResolveFailure, error: unknown): void;
}

const COALESCE_MS = 20;
const RESYNC_MS = 1_800_000;

/** Follows one target. */
export class EndpointEngine {
  readonly target: Target;
  readonly #options: EngineOptions;
  readonly #client: EngineDeps["client"];
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #source: SliceSource;
  readonly #listeners = new Set<EngineListener>();
  /** Endpoints that are gone, kept for a moment, by address. */
  readonly #held = new Map<
    string,
    { readonly endpoint: ResolvedEndpoint; readonly untilMs: number }
  >();
  #timer: Timer | undefined;
  #service: ServiceFacts | undefined;
  #isServiceDue = false;
  #isListDue = false;
  #isStarted = false;
  #isStopped = false;
  #fingerprint: string | undefined;
  #publishedAtMs = -Infinity;
  /** The last published list. */
  published: Published | undefined;
  /** The last error since which nothing was heard. */
  failure: ResolveFailure | undefined;

  constructor(target: Target, options: EngineOptions, deps: EngineDeps) {
    const { client, clock = systemClock, log = silentLogger } = deps;
    this.target = target;
    this.#options = options;
    this.#client = client;
    this.#clock = clock;
    this.#log = log;
    this.#source = new SliceSource(
      target,
      { source: options.source ?? "auto", resyncMs: options.resyncMs ?? RESYNC_MS },
      { client, clock, log },
      {
        onSlices: (isComplete) => this.#onSlices(isComplete),
        onError: (error) => this.#onError(error),
      },
    );
  }

  /** When the server was heard from, milliseconds since the epoch. */
  get lastContact(): number | undefined {
    return this.#source.lastContact;
  }

  /** Adds a listener, which is told of the present list first, if there is one. Returns its removal. */
  listen(listener: EngineListener): () => void {
    this.#listeners.add(listener);
    const { published, failure } = this;
    queueMicrotask(() => {
      if (!this.#listeners.has(listener)) return;
      if (published !== undefined) listener.onList?.(published);
      else if (failure !== undefined) listener.onError?.(failure, failure);
    });
    return () => this.#listeners.delete(listener);
  }

  /** Starts listing and watching; idempotent. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#source.start();
    if (this.#options.readService !== true && (this.#options.portMode ?? "literal") === "literal") {
      return;
    }
    // Both are asked at once; the first list waits for the Service, which gives it its words.
    this.#isServiceDue = true;
    this.#readService().finally(() => {
      this.#isServiceDue = false;
      const isComplete = true;
      if (this.#isListDue) this.#onSlices(isComplete);
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#listeners.clear();
    await this.#source.stop();
  }

  async #readService(): Promise<void> {
    const { namespace, service } = this.target;
    try {
      const found = await this.#client.get<Service>({
        ...{ group: "", version: "v1", resource: "services", namespace, name: service },
      });
      this.#service = factsOf(found);
    } catch (error) {
      if (error instanceof KubeApiError && error.status === 404) this.#service = factsOf(undefined);
      // Denied or unreachable: the list says it, or does without.
      else this.#log.debug("service not read", { target: this.target.canonical, err: error });
    }
  }

  #onError(error: unknown): void {
    if (this.#isStopped) return;
    const failure = errorFailure(this.target, error);
    this.failure = failure;
    for (const { onError } of this.#listeners) onError?.(failure, error);
  }

  #onSlices(isComplete: boolean): void {
    if (this.#isStopped) return;
    if (this.#isServiceDue) {
      this.#isListDue = true;
      return;
    }
    this.failure = undefined;
    const computed = this.#compute(isComplete);
    for (const { onState } of this.#listeners) onState?.(computed);
    if (isComplete || this.published === undefined) {
      this.#held.clear();
      this.#publish(computed);
      return;
    }
    this.#holdWhatIsGone(computed.list.usable);
    this.#publishWhenDue(computed);
  }

  #compute(isComplete: boolean): Published {
    const slices = this.#source.slices();
    const list = computeAddresses(this.target, slices, this.#options, this.#service);
    const warnings = this.#source.isTruncated
      ? [...list.warnings, "list truncated at 1000 addresses"]
      : list.warnings;
    return {
      list: { ...list, warnings },
      source: this.#source.name,
      resourceVersion: this.#source.resourceVersion,
      service: this.#service,
      atMs: this.#clock.now(),
      failure: list.empty === undefined
        ? undefined
        : emptyFailure(this.target, list.empty, this.#service),
      isComplete,
    };
  }

  #holdWhatIsGone(usable: readonly ResolvedEndpoint[]): void {
    const present = new Set(usable.map(keyOf));
    const now = this.#clock.now();
    for (const key of this.#held.keys()) if (present.has(key)) this.#held.delete(key);
    for (const endpoint of this.published?.list.usable ?? []) {
      const key = keyOf(endpoint);
      if (present.has(key) || this.#held.has(key)) continue;
      this.#held.set(key, { endpoint, untilMs: now + COALESCE_MS });
    }
  }

  #publishWhenDue(computed: Published): void {
    const now = this.#clock.now();
    for (const [key, { untilMs }] of this.#held) if (untilMs <= now) this.#held.delete(key);
    const kept = [...this.#held.values()].map(({ endpoint }) => endpoint);
    const merged = kept.length === 0 ? computed : withKept(computed, kept);
    const isDue = now >= this.#publishedAtMs + COALESCE_MS;
    if (isDue) this.#publish(merged);
    const times = [...this.#held.values()].map(({ untilMs }) => untilMs);
    if (!isDue) times.push(this.#publishedAtMs + COALESCE_MS);
    this.#timer?.cancel();
    if (times.length === 0) return;
    this.#timer = this.#clock.timer(
      () => this.#publishWhenDue(this.#compute(computed.isComplete)),
      Math.max(0, Math.min(...times) - now),
    );
  }

  #publish(published: Published): void {
    const print = published.list.usable.length > 0
      ? fingerprint(published.list.usable)
      : `empty: ${published.failure?.message}`;
    if (print === this.#fingerprint) return;
    this.#fingerprint = print;
    this.#publishedAtMs = this.#clock.now();
    this.published = published;
    for (const { onList } of this.#listeners) onList?.(published);
  }
}

function withKept(computed: Published, kept: readonly ResolvedEndpoint[]): Published {
  const usable = [...computed.list.usable, ...kept];
  return { ...computed, failure: undefined, list: { ...computed.list, usable, empty: undefined } };
}

function keyOf(endpoint: ResolvedEndpoint): string {
  return fingerprint([endpoint]);
}
