/** A proxy for tests: HTTP CONNECT and SOCKS5 on one port, with optional user name and password. */

import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** How the proxy behaves. */
export interface ProxyOptions {
  /** Needed from clients: basic authorisation, or SOCKS5 user name and password. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** Status of the answer to CONNECT instead of a tunnel, such as 502. */
  readonly connectStatus?: number;
}

/** A tunnel that was asked for. */
export interface ProxyRequest {
  readonly kind: "connect" | "socks5";
  readonly host: string;
  readonly port: number;
  /** Status of CONNECT, or 0 for SOCKS5 success and its reply code otherwise. */
  readonly result: number;
}

/** Starts a proxy on a free port of 127.0.0.1. */
export async function startProxy(options: ProxyOptions = {}): Promise<Proxy> {
  const proxy = new Proxy(options);
  await proxy.open();
  return proxy;
}

const MAX_HEAD_BYTES = 16 * 1024;

/** A running proxy. `await using` stops it. */
export class Proxy implements AsyncDisposable {
  /** Tunnels asked for, oldest first. */
  readonly requests: ProxyRequest[] = [];
  readonly #options: ProxyOptions;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #port = 0;

  /** Use `startProxy`. */
  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#track(socket);
      // A client that sends nonsense or leaves is of no interest here.
      this.#serve(socket).catch(() => socket.destroy());
    });
  }

  /** Port to connect to. */
  get port(): number {
    return this.#port;
  }

  /** Listens; called by `startProxy`. */
  async open(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Ends everything. Idempotent. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #serve(socket: Socket): Promise<void> {
    const reader = new Reader(socket);
    const first = await reader.bytes(1);
    if (first[0] === 5) await this.#serveSocks(socket, reader);
    else await this.#serveConnect(socket, { reader, start: first });
  }

  async #serveConnect(
    socket: Socket,
    { reader, start }: { readonly reader: Reader; readonly start: Uint8Array },
  ): Promise<void> {
    const head = Buffer.from(start).toString() + await reader.head();
    const [requestLine = "", ...headers] = head.split("\r\n");
    const match = /^CONNECT (.+):(\d+) HTTP\/1\.[01]$/.exec(requestLine);
    if (match === null) {
      socket.end("HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    const host = (match[1] ?? "").replace(/^\[|\]$/g, "");
    const port = Number(match[2]);
    const status = this.#options.connectStatus ?? (this.#isAuthorized(headers) ? 200 : 407);
    this.requests.push({ kind: "connect", host, port, result: status });
    if (status !== 200) {
      const challenge = status === 407 ? 'proxy-authenticate: Basic realm="test"\r\n' : "";
      socket.end(`HTTP/1.1 ${status} No\r\n${challenge}content-length: 0\r\n\r\n`);
      return;
    }
    await this.#tunnel(socket, {
      host,
      port,
      reader,
      greeting: "HTTP/1.1 200 Connection established\r\n\r\n",
    });
  }

  #isAuthorized(headers: readonly string[]): boolean {
    const { credentials } = this.#options;
    if (credentials === undefined) return true;
    const line = headers.find((header) => /^proxy-authorization:/i.test(header)) ?? "";
    const given = Buffer.from(line.split(/\s+/).at(-1) ?? "", "base64").toString();
    return given === `${credentials.username}:${credentials.password}`;
  }

  /** RFC 1928 with the user name and password of RFC 1929. */
  async #serveSocks(socket: Socket, reader: Reader): Promise<void> {
    const { credentials } = this.#options;
    const methods = await reader.bytes((await reader.bytes(1))[0] ?? 0);
    const method = credentials === undefined ? 0 : 2;
    if (!methods.includes(method)) {
      socket.end(Uint8Array.of(5, 0xff));
      return;
    }
    socket.write(Uint8Array.of(5, method));
    if (credentials !== undefined) {
      await reader.bytes(1);
      const username = Buffer.from(await reader.bytes((await reader.bytes(1))[0] ?? 0)).toString();
      const password = Buffer.from(await reader.bytes((await reader.bytes(1))[0] ?? 0)).toString();
      const isRight = username === credentials.username && password === credentials.password;
      socket.write(Uint8Array.of(1, isRight ? 0 : 1));
      if (!isRight) {
        this.requests.push({ kind: "socks5", host: "", port: 0, result: 1 });
        socket.end();
        return;
      }
    }
    const [, command, , type] = await reader.bytes(4);
    const host = await readSocksHost(reader, type ?? 0);
    const portBytes = await reader.bytes(2);
    const port = ((portBytes[0] ?? 0) << 8) | (portBytes[1] ?? 0);
    const result = command === 1 ? 0 : 7;
    this.requests.push({ kind: "socks5", host, port, result });
    const reply = Uint8Array.of(5, result, 0, 1, 0, 0, 0, 0, 0, 0);
    if (result === 0) await this.#tunnel(socket, { host, port, reader, greeting: reply });
    else socket.end(reply);
  }

  async #tunnel(
    socket: Socket,
    { host, port, reader, greeting }: {
      readonly host: string;
      readonly port: number;
      readonly reader: Reader;
      readonly greeting: string | Uint8Array;
    },
  ): Promise<void> {
    const target = connect({ host, port, noDelay: true });
    this.#track(target);
    await once(target, "connect");
    socket.write(greeting);
    target.write(reader.release());
    socket.pipe(target);
    target.pipe(socket);
    socket.on("close", () => target.destroy());
    target.on("close", () => socket.destroy());
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
  }
}

async function readSocksHost(reader: Reader, type: number): Promise<string> {
  if (type === 3) {
    return Buffer.from(await reader.bytes((await reader.bytes(1))[0] ?? 0)).toString();
  }
  if (type === 1) return (await reader.bytes(4)).join(".");
  const bytes = await reader.bytes(16);
  const groups = Array.from(
    { length: 8 },
    (_, index) => (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  );
  return groups.join(":");
}

/** Takes bytes from a socket in the sizes asked for, until it is released to a pipe. */
class Reader {
  #buffer = new Uint8Array(0);
  #wake: () => void = () => {};
  #isEnded = false;
  readonly #socket: Socket;
  readonly #onData = (chunk: Uint8Array) => {
    this.#buffer = new Uint8Array(Buffer.concat([this.#buffer, chunk]));
    this.#wake();
  };
  readonly #onClose = () => {
    this.#isEnded = true;
    this.#wake();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", this.#onData);
    socket.on("close", this.#onClose);
    socket.on("end", this.#onClose);
  }

  async bytes(count: number): Promise<Uint8Array> {
    await this.#until(() => this.#buffer.length >= count);
    const taken = this.#buffer.slice(0, count);
    this.#buffer = this.#buffer.slice(count);
    return taken;
  }

  /** Text up to an empty line, which is taken too. */
  async head(): Promise<string> {
    const end = () => Buffer.from(this.#buffer).indexOf("\r\n\r\n");
    await this.#until(() => end() >= 0 || this.#buffer.length > MAX_HEAD_BYTES);
    const text = Buffer.from(await this.bytes(end())).toString();
    await this.bytes(4);
    return text;
  }

  /** Gives up the socket; returns what was read ahead. */
  release(): Uint8Array {
    this.#socket.off("data", this.#onData);
    this.#socket.off("close", this.#onClose);
    this.#socket.off("end", this.#onClose);
    return this.#buffer;
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#isEnded) throw new Error("Cannot read from the client: it has gone");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
