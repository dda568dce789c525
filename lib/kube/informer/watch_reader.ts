/** Reads one open watch to its end, the first state included when there is none yet. It decides nothing. */

import type { Clock, Timer } from "#lib/run/clock.ts";
import type { WatchEvent } from "../contract.ts";
import type { KubeApiError } from "../errors.ts";
import type { KubeObject } from "../types.ts";
import type { OpenWatch, SizedEvent } from "../watch.ts";
import type { InitialState } from "./initial_state.ts";
import type { WatchEnd } from "./recovery.ts";
import type { ObjectEvent } from "./reflector_sink.ts";

/** What reading leads to. */
export interface WatchReaderDeps<T extends KubeObject> {
  readonly clock: Clock;
  /** A sign of life from the server. */
  contact(): void;
  /** The stream has lived for a moment. */
  healthy(): void;
  /** One event; a promise when handlers have no room. */
  apply(event: ObjectEvent<T>, size: number): Promise<void> | undefined;
  /** The first state is whole. */
  begin(initial: InitialState<T>, version: string): Promise<void>;
  /** The failure that an `ERROR` event tells of. */
  failureOf(event: Extract<WatchEvent<T>, { readonly type: "ERROR" }>): KubeApiError;
}

/** How reading ended. */
export type ReadEnd =
  /** The bookmark that ends the first state did not come. */
  | { readonly kind: "no-bookmark" }
  /** The stream ended before the first state was whole. */
  | { readonly kind: "no-state"; readonly error: unknown }
  | { readonly kind: "ended"; readonly end: WatchEnd };

/** A stream that lives as long counts as recovery even when nothing happens on it. */
const HEALTHY_MS = 1000;

/** One reading. */
export class WatchReader<T extends KubeObject> {
  readonly #deps: WatchReaderDeps<T>;
  readonly #startMs: number;
  #initial: InitialState<T> | undefined;
  #events = 0;
  #failure: KubeApiError | undefined;

  /** @param initial collects the first state, when there is none yet */
  constructor(initial: InitialState<T> | undefined, deps: WatchReaderDeps<T>) {
    this.#initial = initial;
    this.#deps = deps;
    this.#startMs = deps.clock.monotonic();
  }

  /** Reads until the end, and ends the stream. @throws the reason of the stream's signal once it is aborted */
  async read({ batches }: OpenWatch<T>, stream: AbortController): Promise<ReadEnd> {
    const { clock, healthy, contact } = this.#deps;
    const { signal } = stream;
    const health = clock.timer(healthy, HEALTHY_MS, { unref: true });
    try {
      let pending = batches.next();
      while (true) {
        const next = this.#initial === undefined
          ? await pending
          : await within(pending, this.#initial.remainingMs, clock);
        if (next === "late") {
          if (this.#initial?.mode === "bookmark") return { kind: "no-bookmark" };
          await this.#begin("");
          continue;
        }
        if (next.done === true) return this.#endedBy({ reason: "eof" });
        contact();
        const end = await this.#take(next.value, signal);
        signal.throwIfAborted();
        if (end !== undefined) return end;
        pending = batches.next();
      }
    } finally {
      health.cancel();
      stream.abort();
      await batches.return();
    }
  }

  async #take(
    batch: readonly SizedEvent<T>[],
    signal: AbortSignal,
  ): Promise<ReadEnd | undefined> {
    for (const { event, size } of batch) {
      if (event.type === "END") return this.#endedBy(event);
      this.#events += 1;
      if (event.type === "ERROR") this.#failure = this.#deps.failureOf(event);
      else if (this.#initial === undefined) {
        const room = this.#deps.apply(event, size);
        if (room !== undefined) await room;
        if (signal.aborted) return undefined;
      } else if (this.#initial.take(event, size)) {
        await this.#begin(event.object.metadata.resourceVersion ?? "");
      }
    }
    return undefined;
  }

  async #begin(version: string): Promise<void> {
    const initial = this.#initial;
    this.#initial = undefined;
    if (initial !== undefined) await this.#deps.begin(initial, version);
  }

  #endedBy({ reason, error }: Pick<WatchEnd, "reason" | "error">): ReadEnd {
    const cause = this.#failure ?? error;
    if (this.#initial !== undefined) return { kind: "no-state", error: cause };
    const nowMs = this.#deps.clock.monotonic();
    const ageMs = nowMs - this.#startMs;
    return { kind: "ended", end: { reason, error: cause, ageMs, events: this.#events, nowMs } };
  }
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
