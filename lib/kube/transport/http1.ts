/** HTTP/1.1 for servers and proxies that speak nothing else: one request per connection at a time. */

import type { Agent, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { TransportError } from "../errors.ts";
import type { HeaderValues, TransportResponse } from "./contract.ts";
import { createResponse, type OwnedResponse } from "./response.ts";

/** Options of `Http1Client`. */
export interface Http1Options {
  readonly dial: () => Promise<Socket>;
  readonly host: string;
  readonly port: number;
  /** Idle connections are closed after this time, ms. */
  readonly idleTimeoutMs: number;
}

/** A request as it is sent. */
export interface Http1Request {
  readonly method: string;
  readonly path: string;
  readonly headers: HeaderValues;
  readonly body?: string | Uint8Array | undefined;
  /** Ends the request; its reason is a `TransportError`. */
  readonly signal: AbortSignal;
}

/** A pool of HTTP/1.1 connections. */
export class Http1Client {
  readonly #options: Http1Options;
  readonly #open = new Set<(error: TransportError) => void>();
  readonly #sockets = new Set<Socket>();
  #spare: Socket | undefined;
  #closed: TransportError | undefined;
  // Made by the first request: a client that speaks HTTP/2 never loads this part of the runtime.
  #agent: Promise<Agent> | undefined;

  constructor(options: Http1Options) {
    this.#options = options;
  }

  /** Uses an open connection for one of the next requests. */
  adopt(socket: Socket): void {
    // Requests that waited for the same dial all bring the same socket.
    if (this.#sockets.has(socket) || socket.destroyed) return;
    if (this.#closed !== undefined || this.#spare !== undefined) socket.destroy();
    else this.#spare = this.#track(socket);
  }

  /** Closes an open connection, unless it was adopted: whoever dialled it has given up. */
  discard(socket: Socket): void {
    if (!this.#sockets.has(socket)) socket.destroy();
  }

  /** Sends a request; resolves with the headers. */
  async request(init: Http1Request): Promise<TransportResponse> {
    const { request: open } = await import("node:http");
    const agent = await (this.#agent ??= this.#createAgent());
    init.signal.throwIfAborted();
    if (this.#closed !== undefined) throw this.#closed;
    const { host, port } = this.#options;
    const { method, path, body } = init;
    const headers: Record<string, string | string[]> = {};
    for (const [name, value] of Object.entries(init.headers)) {
      if (value !== undefined) headers[name] = typeof value === "string" ? value : [...value];
    }
    if (body !== undefined) {
      const size = typeof body === "string" ? new TextEncoder().encode(body).length : body.length;
      headers["content-length"] = String(size);
    }
    const { promise, settle } = deferred<TransportResponse>();
    let answer: OwnedResponse | undefined;
    let failed = false;
    const fail = (error: TransportError) => {
      if (failed) return;
      failed = true;
      if (answer === undefined) settle(error);
      else {
        const { kind, message, cause } = error;
        answer.finish(new TransportError(kind, message, { cause, headersSeen: true }));
      }
      message.destroy();
    };
    const onAbort = () => fail(init.signal.reason);
    const onClosed = () => {
      this.#open.delete(fail);
      init.signal.removeEventListener("abort", onAbort);
    };
    const message = open({ agent, host, port, method, path, headers });
    this.#open.add(fail);
    init.signal.addEventListener("abort", onAbort, { once: true });
    message.on("error", (cause) => {
      fail(cause instanceof TransportError ? cause : broken(cause));
      onClosed();
    });
    message.once("response", (incoming: IncomingMessage) => {
      answer = createResponse({
        status: incoming.statusCode ?? 0,
        headers: incoming.headers,
        protocol: "http/1.1",
        source: incoming,
        cancel: () => fail(new TransportError("aborted", "The response was given up")),
      });
      incoming.on("error", (cause) => fail(broken(cause)));
      incoming.once("close", () => {
        onClosed();
        if (incoming.complete && !failed) answer?.finish();
        else fail(broken());
      });
      settle(answer);
    });
    message.end(body);
    return await promise;
  }

  /** New requests use new connections. */
  async retire(): Promise<void> {
    const retired = this.#agent;
    this.#agent = undefined;
    this.#spare?.destroy();
    this.#spare = undefined;
    const old = await retired;
    if (old === undefined) return;
    for (const socket of Object.values(old.freeSockets).flat()) socket?.destroy();
  }

  /** Fails what is open and closes all connections. */
  async close(error: TransportError): Promise<void> {
    this.#closed = error;
    for (const fail of [...this.#open]) fail(error);
    (await this.#agent)?.destroy();
    const gone = [...this.#sockets].map((socket) =>
      new Promise<void>((resolve) => {
        socket.once("close", () => resolve());
        socket.destroy();
      })
    );
    await Promise.all(gone);
  }

  async #createAgent(): Promise<Agent> {
    const { Agent } = await import("node:http");
    const agent = new Agent({
      keepAlive: true,
      scheduling: "lifo",
      timeout: this.#options.idleTimeoutMs,
    });
    const takeSocket = () => this.#takeSocket();
    agent.createConnection = (_options, callback) => {
      takeSocket().then(
        (socket) => callback?.(null, socket),
        (error) => callback?.(error, undefined as never),
      );
      return undefined as never;
    };
    return agent;
  }

  async #takeSocket(): Promise<Socket> {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare !== undefined && !spare.destroyed) return spare;
    const socket = this.#track(await this.#options.dial());
    if (this.#closed !== undefined) {
      socket.destroy();
      throw this.#closed;
    }
    return socket;
  }

  #track(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    return socket;
  }
}

function broken(cause?: unknown): TransportError {
  const text = cause instanceof Error ? cause.message : "it was closed";
  return new TransportError("connection", `The connection failed: ${text}`, { cause });
}

function deferred<T>(): {
  readonly promise: Promise<T>;
  readonly settle: (outcome: T | TransportError) => void;
} {
  let settle: (outcome: T | TransportError) => void = () => {};
  const promise = new Promise<T>((resolve, reject) => {
    settle = (outcome) => outcome instanceof TransportError ? reject(outcome) : resolve(outcome);
  });
  return { promise, settle };
}
