/** Tunnels through a proxy: HTTP `CONNECT` (RFC 9110 9.3.6) and SOCKS5 (RFC 1928, passwords RFC 1929). */

import type { Socket } from "node:net";
import { parseIpAddress } from "#lib/format/ip_address.ts";
import { TransportError } from "../errors.ts";

/** A tunnel to open over a connection to the proxy. */
export interface TunnelTarget {
  readonly proxy: URL;
  /** Host behind the proxy, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
}

const MAX_ANSWER_BYTES = 16 * 1024;

/**
 * Asks the proxy for a tunnel; afterwards the socket talks to the host behind it.
 *
 * @throws {TransportError} of kind `proxy`, or the signal's reason
 */
export async function openTunnel(socket: Socket, target: TunnelTarget): Promise<void> {
  const reader = new SocketReader(socket, target);
  try {
    if (target.proxy.protocol.startsWith("socks")) await socks5(reader, target);
    else await httpConnect(reader, target);
    if (reader.buffered > 0) throw refused(target, "it sent bytes before it was asked");
  } finally {
    reader.release();
  }
}

async function httpConnect(reader: SocketReader, target: TunnelTarget): Promise<void> {
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  const authority = `${host}:${target.port}`;
  const { username, password } = credentials(target);
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`];
  if (username !== "" || password !== "") {
    const pair = new TextEncoder().encode(`${username}:${password}`);
    lines.push(`Proxy-Authorization: Basic ${btoa(String.fromCharCode(...pair))}`);
  }
  reader.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
  const head = await reader.readHead();
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
  if (status === undefined) throw refused(target, "its answer is not HTTP");
  if (!status.startsWith("2")) throw refused(target, `it answered ${status}`);
}

const SOCKS_REPLIES = [
  "succeeded",
  "general failure",
  "not allowed by its rules",
  "network unreachable",
  "host unreachable",
  "connection refused",
  "time to live expired",
  "command not supported",
  "address type not supported",
];

async function socks5(reader: SocketReader, target: TunnelTarget): Promise<void> {
  const { username, password } = credentials(target);
  const withPassword = username !== "";
  reader.write(Uint8Array.from(withPassword ? [5, 2, 0, 2] : [5, 1, 0]));
  const [version, method] = await reader.read(2);
  if (version !== 5) throw refused(target, "it does not speak SOCKS5");
  if (method === 2 && withPassword) {
    const [user, pass] = [username, password].map((text) => new TextEncoder().encode(text));
    if (user === undefined || pass === undefined || user.length > 255 || pass.length > 255) {
      throw refused(target, "user name or password is longer than 255 bytes");
    }
    reader.write(Uint8Array.from([1, user.length, ...user, pass.length, ...pass]));
    const [, status] = await reader.read(2);
    if (status !== 0) throw refused(target, "it refused user name and password");
  } else if (method !== 0) {
    throw refused(target, "it accepts none of the offered authentication methods");
  }
  // Names are always resolved by the proxy, so `socks5` behaves as `socks5h`, like client-go.
  const destination = socksAddress(target);
  reader.write(Uint8Array.from([5, 1, 0, ...destination, target.port >> 8, target.port & 255]));
  const [, reply = 1, , addressType] = await reader.read(4);
  if (reply !== 0) throw refused(target, SOCKS_REPLIES[reply] ?? `it answered ${reply}`);
  const [length = 0] = addressType === 3 ? await reader.read(1) : [addressType === 4 ? 16 : 4];
  await reader.read(length + 2);
}

/** Type and bytes of the destination: addresses as such, for not every proxy reads them from a name. */
function socksAddress(target: TunnelTarget): readonly number[] {
  const address = parseIpAddress(target.host);
  if (address !== undefined) return [address.length === 4 ? 1 : 4, ...address];
  const name = new TextEncoder().encode(target.host);
  if (name.length > 255) throw refused(target, "the name of the host is longer than 255 bytes");
  return [3, name.length, ...name];
}

function credentials(target: TunnelTarget): { username: string; password: string } {
  const { username, password } = target.proxy;
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw refused(target, "user name or password has a percent sign that is not written as %25");
  }
}

function refused({ proxy, host, port }: TunnelTarget, state: string): TransportError {
  return new TransportError(
    "proxy",
    `Cannot reach ${host}:${port} through the proxy ${proxy.host}: ${state}`,
  );
}

/** Reads counted bytes or a header block from a socket, and gives the socket back paused. */
class SocketReader {
  readonly #socket: Socket;
  readonly #target: TunnelTarget;
  #buffer = new Uint8Array(0);
  #ended = false;
  #wake: () => void = () => {};
  readonly #onData = (chunk: Uint8Array) => {
    const joined = new Uint8Array(this.#buffer.length + chunk.length);
    joined.set(this.#buffer);
    joined.set(chunk, this.#buffer.length);
    this.#buffer = joined;
    this.#wake();
  };
  readonly #onEnd = () => {
    this.#ended = true;
    this.#wake();
  };

  constructor(socket: Socket, target: TunnelTarget) {
    this.#socket = socket;
    this.#target = target;
    socket.on("data", this.#onData);
    for (const event of ["end", "error", "close"]) socket.on(event, this.#onEnd);
    target.signal.addEventListener("abort", this.#onEnd);
  }

  get buffered(): number {
    return this.#buffer.length;
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  async read(count: number): Promise<Uint8Array> {
    await this.#until(() => this.#buffer.length >= count);
    return this.#take(count);
  }

  async readHead(): Promise<string> {
    let end = -1;
    await this.#until(() => {
      end = new TextDecoder("latin1").decode(this.#buffer).indexOf("\r\n\r\n");
      return end >= 0;
    });
    return new TextDecoder("latin1").decode(this.#take(end + 4));
  }

  release(): void {
    this.#socket.pause();
    this.#socket.off("data", this.#onData);
    for (const event of ["end", "error", "close"]) this.#socket.off(event, this.#onEnd);
    this.#target.signal.removeEventListener("abort", this.#onEnd);
  }

  #take(count: number): Uint8Array {
    const taken = this.#buffer.slice(0, count);
    this.#buffer = this.#buffer.slice(count);
    return taken;
  }

  async #until(done: () => boolean): Promise<void> {
    while (!done()) {
      this.#target.signal.throwIfAborted();
      if (this.#ended) throw refused(this.#target, "it closed the connection");
      if (this.#buffer.length > MAX_ANSWER_BYTES) {
        throw refused(this.#target, "its answer is too long");
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}
