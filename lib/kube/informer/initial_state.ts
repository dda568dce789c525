/**
 * The first state taken from a watch instead of a list: collects what the server sends until it says, or its
 * silence says, that this was all.
 */

import type { Clock } from "#lib/run/clock.ts";
import type { WatchEvent } from "../contract.ts";
import type { KubeObject } from "../types.ts";
import { keyOf } from "./store.ts";

/**
 * How the end is known: `bookmark` by the server's annotation (`sendInitialEvents`), `silence` on servers
 * that do not know that parameter.
 */
export type InitialMode = "bookmark" | "silence";

const END_ANNOTATION = "k8s.io/initial-events-end";
const SILENCE_MS = 250;
const MAX_SILENCE_MS = 2000;

/** Objects collected so far. */
export class InitialState<T extends KubeObject> {
  readonly mode: InitialMode;
  readonly #clock: Clock;
  readonly #giveUpMs: number;
  readonly #startMs: number;
  #lastEventMs: number | undefined;
  #objects = new Map<string, T>();
  #bytes = 0;

  /** Begins when the headers have come; `giveUpMs` is how long to wait for the bookmark. */
  constructor(
    mode: InitialMode,
    { clock, giveUpMs }: { readonly clock: Clock; readonly giveUpMs: number },
  ) {
    this.mode = mode;
    this.#clock = clock;
    this.#giveUpMs = giveUpMs;
    this.#startMs = clock.monotonic();
  }

  get objects(): T[] {
    return [...this.#objects.values()];
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes an event; true when it was the last of the initial ones. */
  take(event: WatchEvent<T>, size: number): boolean {
    this.#lastEventMs = this.#clock.monotonic();
    if (event.type === "ADDED" || event.type === "MODIFIED") {
      this.#objects.set(keyOf(event.object), event.object);
      this.#bytes += size;
    } else if (event.type === "DELETED") this.#objects.delete(keyOf(event.object));
    return this.mode === "bookmark" && event.type === "BOOKMARK" &&
      event.object.metadata?.annotations?.[END_ANNOTATION] === "true";
  }

  /** Milliseconds until silence means the end (`silence`) or that no bookmark will come (`bookmark`). */
  get remainingMs(): number {
    const nowMs = this.#clock.monotonic();
    const quietMs = nowMs - (this.#lastEventMs ?? this.#startMs);
    if (this.mode === "bookmark") return Math.max(0, this.#giveUpMs - quietMs);
    const totalMs = MAX_SILENCE_MS - (nowMs - this.#startMs);
    if (this.#lastEventMs === undefined) return Math.max(0, totalMs);
    return Math.max(0, Math.min(SILENCE_MS - quietMs, totalMs));
  }
}
