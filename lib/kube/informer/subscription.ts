/**
 * The way from the reading loop to one handler: a bounded queue, so that a slow handler makes reading pause
 * instead of memory grow.
 */

import type { Logger } from "#lib/log/logger.ts";
import type { InformerEvent, InformerHandler } from "../contract.ts";
import type { KubeObject } from "../types.ts";
import { RunningCalls } from "./running_calls.ts";
import { keyOf } from "./store.ts";

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
  /** Calls of the handler at once, for different objects. */
  readonly concurrency: number;
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
  readonly #calls: RunningCalls;
  #head = 0;
  #bytes = 0;
  #stopped = false;
  #wakeReader: () => void = () => {};
  #wakeWriters: (() => void)[] = [];

  constructor(options: SubscriptionOptions<T>) {
    this.#options = options;
    this.#calls = new RunningCalls(options.concurrency);
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
      const pending = this.#start(event, 0);
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
      const pending = this.#start(entry.event, entry.size);
      if (pending !== undefined) await pending;
      if (this.#head >= COMPACT_AT) {
        this.#queue.splice(0, this.#head);
        this.#head = 0;
      }
      if (!this.#isFull()) this.#letWrite();
    }
  }

  /** Starts the call of an event; the promise, when there is one, is to be awaited before the next. */
  #start(event: InformerEvent<T>, size: number): Promise<void> | undefined {
    if (this.#options.concurrency > 1) return this.#startBeside(event, size);
    const call = this.#call(event);
    if (call !== undefined) return call.then(() => void (this.#bytes -= size));
    this.#bytes -= size;
    return undefined;
  }

  #startBeside(event: InformerEvent<T>, size: number): Promise<void> | undefined {
    const key = "object" in event ? keyOf(event.object) : undefined;
    const before = this.#calls.before(key);
    if (before !== undefined) {
      return before.then(() => this.#stopped ? undefined : this.#startBeside(event, size));
    }
    const call = this.#call(event)?.then(() => {
      this.#bytes -= size;
      // The loop may be waiting for the next event meanwhile.
      if (!this.#isFull()) this.#letWrite();
    });
    if (call === undefined) this.#bytes -= size;
    else if (key === undefined) return call;
    else this.#calls.add(key, call);
    return undefined;
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
    if (this.#wakeWriters.length === 0) return;
    const writers = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const wake of writers) wake();
  }
}
