/**
 * The way from the reading loop to one handler: a bounded queue, so that a slow handler makes reading pause
 * instead of memory grow.
 */

import type { Logger } from "#lib/log/logger.ts";
import type { InformerEvent, InformerHandler } from "../contract.ts";
import type { KubeObject } from "../types.ts";

/** Limits of a queue. */
export interface QueueLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/** What a subscription is made of. */
export interface SubscriptionOptions<T extends KubeObject> extends QueueLimits {
  readonly handler: InformerHandler<T>;
  /** Delivered before anything else: the state at the time of subscribing. */
  readonly replay: Iterable<InformerEvent<T>>;
  readonly logger: Logger;
}

interface Entry<T extends KubeObject> {
  readonly event: InformerEvent<T>;
  readonly size: number;
}

// Taken entries are cut off in blocks: shifting one by one would move the whole queue each time.
const COMPACT_AT = 1024;

/** One handler and what waits for it. */
export class Subscription<T extends KubeObject> {
  readonly #options: SubscriptionOptions<T>;
  readonly #queue: Entry<T>[] = [];
  #head = 0;
  #bytes = 0;
  #stopped = false;
  #wakeReader: () => void = () => {};
  #wakeWriters: (() => void)[] = [];

  constructor(options: SubscriptionOptions<T>) {
    this.#options = options;
    this.#pump();
  }

  /** Queues an event; the promise, when there is one, resolves when there is room for more. */
  push(event: InformerEvent<T>, size: number): Promise<void> | undefined {
    if (this.#stopped) return undefined;
    this.#queue.push({ event, size });
    this.#bytes += size;
    this.#wakeReader();
    if (!this.#isFull()) return undefined;
    return new Promise((resolve) => this.#wakeWriters.push(resolve));
  }

  /** No call of the handler begins after this. */
  stop(): void {
    this.#stopped = true;
    this.#queue.length = 0;
    this.#head = 0;
    this.#wakeReader();
    this.#letWrite();
  }

  #isFull(): boolean {
    const { maxEvents, maxBytes } = this.#options;
    return this.#queue.length - this.#head >= maxEvents || this.#bytes >= maxBytes;
  }

  async #pump(): Promise<void> {
    // Not inside the constructor of the subscriber: it may not have finished its own set-up.
    await Promise.resolve();
    for (const event of this.#options.replay) {
      if (this.#stopped) return;
      const pending = this.#call(event);
      if (pending !== undefined) await pending;
    }
    while (!this.#stopped) {
      const entry = this.#queue[this.#head];
      if (entry === undefined) {
        this.#queue.length = 0;
        this.#head = 0;
        await new Promise<void>((resolve) => this.#wakeReader = resolve);
        continue;
      }
      this.#head += 1;
      const pending = this.#call(entry.event);
      if (pending !== undefined) await pending;
      this.#bytes -= entry.size;
      if (this.#head >= COMPACT_AT) {
        this.#queue.splice(0, this.#head);
        this.#head = 0;
      }
      if (!this.#isFull()) this.#letWrite();
    }
  }

  // A handler's failure is its own; the informer goes on, as the next event may well succeed.
  #call(event: InformerEvent<T>): Promise<void> | undefined {
    try {
      return this.#options.handler(event)?.catch((err) => this.#failed(event, err));
    } catch (err) {
      this.#failed(event, err);
      return undefined;
    }
  }

  #failed({ type }: InformerEvent<T>, err: unknown): void {
    this.#options.logger.error("informer handler failed", { type, err });
  }

  #letWrite(): void {
    const writers = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const wake of writers) wake();
  }
}
