/**
 * What one channel is told and when (resolve.md 7.4 to 7.6): lists, errors, and nothing that would make gRPC loop.
 * Knows no gRPC; `grpc.ts` puts it behind gRPC's interface.
 */

import type { Logger } from "#lib/log/logger.ts";
import type { Clock, Timer } from "#lib/run/clock.ts";
import { emptyText, failureText } from "./messages.ts";
import type { DeliveryResult } from "./metrics.ts";
import type { ResolvedEndpoint } from "./resolution.ts";
import type { EngineListener, Snapshot } from "./resolver.ts";
import type { SharedWatches, WatchShare } from "./shared_watches.ts";
import type { InvalidTargetError, Target } from "./target.ts";

/** What becomes of the last list when nothing is usable any more. */
export type EmptyPolicy =
  | { readonly kind: "fail" }
  /** After so many milliseconds as `fail`; never when undefined. */
  | { readonly kind: "keep"; readonly failAfterMs: number | undefined };

/** How gRPC is told. */
export interface Delivery {
  /** False when the load balancing policy does not accept the list. */
  endpoints(endpoints: readonly ResolvedEndpoint[], note: string): boolean;
  /** Always status UNAVAILABLE. */
  error(message: string): void;
}

/** What a channel's resolver needs. */
export interface ChannelDeps {
  readonly watches: SharedWatches;
  readonly delivery: Delivery;
  readonly emptyPolicy: EmptyPolicy;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onDelivered: (result: DeliveryResult) => void;
  /** Makes what the watches need; `undefined` when that is there. */
  readonly prepare?: (() => Promise<void> | undefined) | undefined;
}

const REDELIVERY_MS = 1000;
const LIVENESS_MS = 30_000;

/** The resolver of one channel. */
export class ChannelResolver implements EngineListener {
  readonly #target: Target | InvalidTargetError;
  readonly #deps: ChannelDeps;
  #share: WatchShare | undefined;
  #isStarted = false;
  #run = 0;
  #last: "none" | "list" | "failed" = "none";
  #message = "";
  #lastDeliveryMs = -Infinity;
  #lastRecheckMs = -Infinity;
  #redelivery: Timer | undefined;
  #keeping: Timer | undefined;
  #startup: Timer | undefined;

  constructor(target: Target | InvalidTargetError, deps: ChannelDeps) {
    this.#target = target;
    this.#deps = deps;
  }

  /** Starts, or asks again; tells nothing before it has returned. */
  updateResolution(): void {
    if (this.#isStarted) return this.#again();
    this.#isStarted = true;
    this.#last = "none";
    this.#lastRecheckMs = this.#deps.clock.monotonic();
    const target = this.#target;
    if (target instanceof Error) {
      this.#startup = this.#soon(() => this.#fail(target.message));
      return;
    }
    this.#open(target);
  }

  #open(target: Target): void {
    const preparing = this.#deps.prepare?.();
    if (preparing === undefined) return this.#acquire(target);
    const run = ++this.#run;
    const isCurrent = () => this.#isStarted && this.#run === run;
    preparing.then(
      () => {
        if (isCurrent()) this.#acquire(target);
      },
      // Outside a cluster, say: the call is told, the program goes on.
      (error) => {
        if (isCurrent()) this.failure(error);
      },
    );
  }

  #acquire(target: Target): void {
    const share = this.#deps.watches.acquire(target, this);
    this.#share = share;
    if (share.snapshot === undefined && share.error === undefined) return;
    this.#startup = this.#soon(() => {
      if (share.snapshot !== undefined) this.list(share.snapshot);
      else this.failure(share.error);
    });
  }

  /** Lets go of everything; a later `updateResolution` starts over. */
  destroy(): void {
    this.#isStarted = false;
    this.#run += 1;
    this.#share?.release();
    this.#share = undefined;
    for (const timer of [this.#redelivery, this.#keeping, this.#startup]) timer?.cancel();
    this.#redelivery = this.#keeping = this.#startup = undefined;
  }

  /** A list of the engine. */
  list(snapshot: Snapshot): void {
    const target = this.#target;
    if (!this.#isStarted || target instanceof Error) return;
    this.#startup?.cancel();
    const { usable, endpoints, empty } = snapshot.list;
    if (empty === undefined) {
      this.#keeping?.cancel();
      this.#keeping = undefined;
      const note = `${target.namespace}/${target.service}: ${usable.length} ready of ` +
        `${endpoints.length}`;
      const isAccepted = this.#deps.delivery.endpoints(usable, note);
      this.#deps.logger.debug("list told", { target: target.canonical, note, isAccepted });
      this.#last = isAccepted ? "list" : "failed";
      this.#message = note;
      this.#lastDeliveryMs = this.#deps.clock.monotonic();
      return this.#deps.onDelivered("ok");
    }
    const message = emptyText(target, empty, snapshot);
    if (this.#last !== "list") return this.#fail(message);
    const { emptyPolicy, clock } = this.#deps;
    if (emptyPolicy.kind === "fail") return this.#empty(message);
    if (emptyPolicy.failAfterMs === undefined) return;
    this.#message = message;
    this.#keeping ??= clock.timer(
      () => {
        this.#keeping = undefined;
        this.#empty(this.#message);
      },
      emptyPolicy.failAfterMs,
      { unref: true },
    );
  }

  /** The server gives nothing. */
  failure(error: unknown): void {
    const target = this.#target;
    if (!this.#isStarted || target instanceof Error) return;
    const message = failureText(target, error);
    if (this.#last !== "list") return this.#fail(message);
    this.#deps.logger.warn("API server gives nothing, last endpoints stay", {
      target: target.canonical,
      err: error,
    });
  }

  recovered(): void {
    if (this.#target instanceof Error || this.#last !== "list") return;
    this.#deps.logger.info("API server gives endpoints again", { target: this.#target.canonical });
  }

  /** Both are needed: an error alone leaves old connections in use, an empty list alone lets calls hang. */
  #empty(message: string): void {
    this.#deps.delivery.endpoints([], message);
    this.#fail(message, "empty");
  }

  #fail(message: string, result: DeliveryResult = "error"): void {
    this.#last = "failed";
    this.#message = message;
    this.#lastDeliveryMs = this.#deps.clock.monotonic();
    this.#deps.delivery.error(message);
    this.#deps.logger.debug("error told", { message });
    this.#deps.onDelivered(result);
  }

  /**
   * gRPC asks on every lost connection. Told the same list each time it would connect, fail and ask without
   * pause; so a list is never told twice, and an error once a second.
   */
  #again(): void {
    const { clock } = this.#deps;
    const nowMs = clock.monotonic();
    const engine = this.#share?.engine;
    if (this.#last === "list") {
      const silentMs = clock.now() - (engine?.lastContactMs ?? 0);
      if (silentMs > LIVENESS_MS && nowMs - this.#lastRecheckMs > LIVENESS_MS) this.#recheck(nowMs);
      return;
    }
    if (this.#last === "none") return;
    const canRetry = nowMs - this.#lastRecheckMs >= REDELIVERY_MS;
    if (this.#share === undefined && !(this.#target instanceof Error) && canRetry) {
      this.#lastRecheckMs = nowMs;
      return this.#open(this.#target);
    }
    if (engine?.isFailing === true && canRetry) {
      this.#recheck(nowMs);
    }
    if (this.#redelivery !== undefined) return;
    const waitMs = Math.max(0, this.#lastDeliveryMs + REDELIVERY_MS - nowMs);
    this.#redelivery = clock.timer(
      () => {
        this.#redelivery = undefined;
        if (this.#last === "failed") this.#fail(this.#message);
      },
      waitMs,
      { unref: true },
    );
  }

  #recheck(nowMs: number): void {
    this.#lastRecheckMs = nowMs;
    this.#share?.engine.recheck();
  }

  #soon(act: () => void): Timer {
    return this.#deps.clock.timer(() => {
      if (this.#isStarted) act();
    }, 0);
  }
}
