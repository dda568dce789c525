/** Publishes to the bus as Spring does. */

import { Buffer } from "node:buffer";
import { type Channel, type ChannelModel, connect } from "amqplib";

/** A connection that publishes. */
export class BusPublisher implements AsyncDisposable {
  readonly #connection: ChannelModel;
  readonly #channel: Channel;

  private constructor(connection: ChannelModel, channel: Channel) {
    this.#connection = connection;
    this.#channel = channel;
  }

  /** Connects and declares the exchange. */
  static async open(url: string): Promise<BusPublisher> {
    const connection = await connect(url, { noDelay: true });
    connection.on("error", () => {
      // The broker is killed on purpose.
    });
    const channel = await connection.createChannel();
    await channel.assertExchange("springCloudBus", "topic", { durable: true });
    return new BusPublisher(connection, channel);
  }

  /** Sends anything, as JSON unless it is text. */
  send(payload: unknown): void {
    const text = typeof payload === "string" ? payload : JSON.stringify(payload);
    this.#channel.publish("springCloudBus", "springCloudBus", Buffer.from(text));
  }

  /** Sends a refresh event. */
  refresh(destinationService: string | null, id: string = crypto.randomUUID()): void {
    this.send({
      type: "RefreshRemoteApplicationEvent",
      timestamp: Date.now(),
      originService: "test:0:1",
      destinationService,
      id,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close().catch(() => {
      // The broker was killed.
    });
  }
}
