/**
 * A TCP relay between a client and a server that can be cut, frozen and resumed. A frozen relay keeps its
 * connections open and forwards nothing: a half-open connection as a lost network makes it.
 */

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Where to. */
export interface RelayTarget {
  readonly port: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
}

/** Starts a relay on a free port of 127.0.0.1. */
export async function startRelay(target: RelayTarget): Promise<Relay> {
  const relay = new Relay(target);
  await relay.open();
  return relay;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** A running relay. `await using` stops it. */
export class Relay implements AsyncDisposable {
  readonly #target: RelayTarget;
  readonly #pairs = new Set<Pair>();
  readonly #server: Server;
  #isFrozen = false;
  #isRefusing = false;
  #port = 0;
  #accepted = 0;

  /** Use `startRelay`. */
  constructor(target: RelayTarget) {
    this.#target = target;
    // Half-open is passed on: an end of one side ends the other only in that direction.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      this.#accept(client);
    });
  }

  /** Port to connect to. */
  get port(): number {
    return this.#port;
  }

  /** Connections open now. */
  get connectionCount(): number {
    return this.#pairs.size;
  }

  /** Connections accepted so far. */
  get acceptedCount(): number {
    return this.#accepted;
  }

  /** Listens; called by `startRelay`. */
  async open(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Stops forwarding on the connections there are. New ones are forwarded, unless `newToo`. */
  freeze({ newToo = false }: { readonly newToo?: boolean } = {}): void {
    this.#isFrozen = newToo;
    for (const { client, server } of this.#pairs) {
      client.pause();
      server.pause();
    }
  }

  /** Forwards again, what waited included. */
  resume(): void {
    this.#isFrozen = false;
    this.#isRefusing = false;
    for (const { client, server } of this.#pairs) {
      client.resume();
      server.resume();
    }
  }

  /** Resets every connection. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.destroy();
    }
  }

  /** Resets new connections at once until `resume`. */
  refuse(): void {
    this.#isRefusing = true;
  }

  /** Ends everything. Idempotent. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #accept(client: Socket): void {
    this.#accepted += 1;
    client.on("error", () => {});
    if (this.#isRefusing) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({
      host: this.#target.host ?? "127.0.0.1",
      port: this.#target.port,
      allowHalfOpen: true,
      noDelay: true,
    });
    const pair = { client, server };
    this.#pairs.add(pair);
    forward(client, server);
    forward(server, client);
    server.on("error", () => client.resetAndDestroy());
    const forget = () => {
      client.destroy();
      server.destroy();
      this.#pairs.delete(pair);
    };
    client.on("close", forget);
    server.on("close", forget);
    if (!this.#isFrozen) return;
    client.pause();
    server.pause();
  }
}

/** Not `pipe`, which would resume a paused source by itself when the other side drains. */
function forward(from: Socket, to: Socket): void {
  from.on("data", (chunk: Uint8Array) => {
    if (!to.destroyed) to.write(chunk);
  });
  from.on("end", () => to.end());
}
