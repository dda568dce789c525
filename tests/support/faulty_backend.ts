/** A backend over HTTP that fails on demand in the ways in which servers and networks do. */

import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * `error`: status 500; `hang`: no answer at all; `cut`: the connection ends amid the body; `reset`: it ends before
 * the headers; `slow`: the headers come, the body never ends.
 */
export type BackendFault = "error" | "hang" | "cut" | "reset" | "slow";

/** Starts one on a free port of 127.0.0.1; `contentOf` gives the object of a path, `undefined` for a 404. */
export async function startFaultyBackend(
  contentOf: (path: string) => string | undefined,
): Promise<FaultyBackend> {
  const backend = new FaultyBackend(contentOf);
  await backend.start();
  return backend;
}

/** A running backend. `await using` ends it. */
export class FaultyBackend implements AsyncDisposable {
  readonly #contentOf: (path: string) => string | undefined;
  #server: Server | undefined;
  #port = 0;
  /** How it fails now; `undefined` when it works. */
  fault: BackendFault | undefined;
  /** Requests so far. */
  asked = 0;

  /** Use `startFaultyBackend`. */
  constructor(contentOf: (path: string) => string | undefined) {
    this.#contentOf = contentOf;
  }

  /** Base URL; the same after a stop and a start. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens, again at the same port after a stop. */
  async start(): Promise<void> {
    this.#server = createServer(({ url = "" }, response) => {
      this.asked += 1;
      this.#answer(this.#contentOf(decodeURIComponent(url)), response);
    });
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Ends it and every connection, as a crash does. Idempotent. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #answer(content: string | undefined, response: ServerResponse): void {
    const body = content ?? "";
    const length = { "content-length": body.length };
    switch (this.fault) {
      case "error":
        response.writeHead(500).end("no");
        return;
      case "hang":
        // Until whoever asked gives up.
        return;
      case "cut":
        response.writeHead(200, length).write(body.slice(0, 3), () => response.destroy());
        return;
      case "slow":
        response.writeHead(200, length).write(body.slice(0, 3));
        return;
      case "reset":
        response.destroy();
        return;
      case undefined:
        if (content === undefined) response.writeHead(404).end("no");
        else response.end(body);
    }
  }
}
