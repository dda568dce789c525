/** Hears the bus as an application of Spring does. */

import { type ChannelModel, connect } from "amqplib";

/** A message as it arrived. */
export interface HeardMessage {
  readonly text: string;
  readonly contentType: string | undefined;
  readonly routingKey: string;
}

/** A connection that listens. */
export class BusListener implements AsyncDisposable {
  /** What was heard so far. */
  readonly heard: HeardMessage[] = [];
  readonly #connection: ChannelModel;

  private constructor(connection: ChannelModel) {
    this.#connection = connection;
  }

  /** Connects and hears everything from then on. */
  static async open(url: string): Promise<BusListener> {
    const connection = await connect(url, { noDelay: true });
    const listener = new BusListener(connection);
    const channel = await connection.createChannel();
    await channel.assertExchange("springCloudBus", "topic", { durable: true });
    const { queue } = await channel.assertQueue("", { exclusive: true, autoDelete: true });
    await channel.bindQueue(queue, "springCloudBus", "#");
    await channel.consume(queue, (message) => {
      if (message === null) return;
      const { contentType } = message.properties as { readonly contentType?: string };
      listener.heard.push({
        text: new TextDecoder().decode(message.content),
        contentType,
        routingKey: message.fields.routingKey,
      });
    }, { noAck: true });
    return listener;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }
}
