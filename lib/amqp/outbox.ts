/**
 * Messages on their way to an exchange. Those that come while there is no channel, or more than the connection
 * takes, wait within a bound; the oldest give way. Once handed to the connection they are its own.
 */

import { Buffer } from "node:buffer";
import type { Channel } from "amqplib";
import type { Logger } from "#lib/log/logger.ts";

/** Messages that may wait. */
const MAX_WAITING = 256;

/** The part of a channel that is needed. */
export type PublishingChannel = Pick<Channel, "publish" | "once">;

/** Where messages go, and what they are. */
export interface OutboxOptions {
  /** Name of the exchange; the routing key is the same, as Spring Cloud Bus has it. */
  readonly exchange: string;
  readonly contentType: string;
}

/** The messages that wait. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #log: Logger;
  #waiting: Uint8Array[] = [];
  #channel: PublishingChannel | undefined;

  constructor(options: OutboxOptions, { log }: { readonly log: Logger }) {
    this.#options = options;
    this.#log = log;
  }

  /** Sends a message as soon as it can be sent. */
  add(body: Uint8Array): void {
    this.#waiting.push(body);
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift();
      this.#log.warn("bus message was dropped, too many wait for the broker", { max: MAX_WAITING });
    }
    this.#flush();
  }

  /** Sends through this channel from now on, what waits first. */
  open(channel: PublishingChannel): void {
    this.#channel = channel;
    this.#flush();
  }

  /** Lets messages wait for the next channel. */
  close(): void {
    this.#channel = undefined;
  }

  #flush(): void {
    const { exchange, contentType } = this.#options;
    while (this.#channel !== undefined) {
      const [first] = this.#waiting;
      if (first === undefined) return;
      const channel = this.#channel;
      try {
        const hasRoom = channel.publish(exchange, exchange, Buffer.from(first), { contentType });
        this.#waiting.shift();
        if (hasRoom) continue;
        this.close();
        channel.once("drain", () => this.open(channel));
      } catch (err) {
        // The channel was closed; its end is noticed elsewhere and makes another one.
        this.close();
        this.#log.debug("bus message waits for another channel", { err });
      }
    }
  }
}
