/**
 * Opens a connection to the API server: TCP or a proxy's tunnel, then TLS with ALPN. One time limit over all
 * of it. Everything that fails here failed before any byte of a request was sent.
 */

import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Clock } from "#lib/run/clock.ts";
import { TransportError } from "../errors.ts";
import type { TlsOptions } from "./contract.ts";
import { openTunnel } from "./proxy_tunnel.ts";

/** Where to, and how. */
export interface DialTarget {
  readonly server: URL;
  readonly tls: TlsOptions;
  readonly proxy?: URL | undefined;
  /** Protocols to offer, best first. */
  readonly alpn: readonly string[];
}

/** Limits of a dial. */
export interface DialLimits {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Ends the dial; its reason is thrown. */
  readonly signal: AbortSignal;
}

/** An open connection. */
export interface Dialed {
  readonly socket: Socket;
  /** Answer of ALPN; `http/1.1` without TLS or without an answer. */
  readonly protocol: "h2" | "http/1.1";
}

/** Host and port of a URL, brackets of IPv6 literals removed. */
export function hostAndPort(url: URL): { host: string; port: number } {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const fallback = url.protocol === "https:" ? 443 : url.protocol.startsWith("socks") ? 1080 : 80;
  return { host, port: url.port === "" ? fallback : Number(url.port) };
}

/**
 * Connects.
 *
 * @throws {TransportError} of kind `connect`, `tls` or `proxy`, or the signal's reason
 */
export async function dial(target: DialTarget, limits: DialLimits): Promise<Dialed> {
  const sockets: Socket[] = [];
  try {
    return await withinLimits(target, limits, (signal) => connectAll(target, signal, sockets));
  } catch (error) {
    for (const socket of sockets.reverse()) socket.destroy();
    throw error;
  }
}

/** Gives an attempt a signal that ends it when its time is over or the owner of the limits says so. */
export async function withinLimits<T>(
  target: Pick<DialTarget, "server">,
  limits: DialLimits,
  connect: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const attempt = new AbortController();
  const onAbort = () => attempt.abort(limits.signal.reason);
  if (limits.signal.aborted) onAbort();
  limits.signal.addEventListener("abort", onAbort, { once: true });
  const timer = limits.clock.timer(
    () => attempt.abort(timeoutError(target, limits.timeoutMs)),
    limits.timeoutMs,
    { unref: true },
  );
  try {
    return await connect(attempt.signal);
  } finally {
    timer.cancel();
    limits.signal.removeEventListener("abort", onAbort);
  }
}

function timeoutError(
  target: Pick<DialTarget, "server">,
  timeoutMs: number,
): TransportError {
  return new TransportError(
    "connect",
    `Cannot connect to ${target.server.host}: no connection within ${timeoutMs} ms`,
  );
}

async function connectAll(
  target: DialTarget,
  signal: AbortSignal,
  sockets: Socket[],
): Promise<Dialed> {
  const { host, port } = hostAndPort(target.server);
  const raw = await connectTcp(target, signal, sockets);
  let tunnel: Socket = raw;
  if (target.proxy !== undefined) {
    if (target.proxy.protocol === "https:") {
      // As client-go: the trust of the cluster holds for its proxy too, the client certificate does not.
      const tls = { ca: target.tls.ca, insecure: target.tls.insecure };
      tunnel = await secure(raw, { url: target.proxy, tls, alpn: [] }, signal, sockets);
    }
    await openTunnel(tunnel, { proxy: target.proxy, host, port, signal });
  }
  if (target.server.protocol !== "https:") return { socket: tunnel, protocol: "http/1.1" };
  const { server: url, tls, alpn } = target;
  const socket = await secure(tunnel, { url, tls, alpn }, signal, sockets);
  return { socket, protocol: socket.alpnProtocol === "h2" ? "h2" : "http/1.1" };
}

async function connectTcp(
  { server, proxy }: Pick<DialTarget, "server" | "proxy">,
  signal: AbortSignal,
  sockets: Socket[],
): Promise<Socket> {
  const { connect } = await import("node:net");
  const socket = track(connect(hostAndPort(proxy ?? server)), sockets);
  await opened(socket, "connect", {
    signal,
    explain(cause) {
      const [kind, hop] = proxy === undefined
        ? ["connect", server.host] as const
        : ["proxy", `the proxy ${proxy.host}`] as const;
      return new TransportError(kind, `Cannot connect to ${hop}: ${textOf(cause)}`, { cause });
    },
  });
  socket.setNoDelay();
  return socket;
}

interface SecureTarget {
  readonly url: URL;
  readonly tls: TlsOptions;
  readonly alpn: readonly string[];
}

async function secure(
  raw: Socket,
  { url, tls, alpn }: SecureTarget,
  signal: AbortSignal,
  sockets: Socket[],
): Promise<TLSSocket> {
  const { checkServerIdentity, connect } = await import("node:tls");
  const { isIP } = await import("node:net");
  const { host } = hostAndPort(url);
  const name = tls.serverName ?? host;
  const failed = (cause: unknown) => {
    // A connection that breaks during the handshake says nothing about certificates.
    const broken = isObject(cause) && ["ECONNRESET", "EPIPE"].includes(String(cause["code"]));
    const kind = broken || cause === undefined ? "connect" : "tls";
    const message = `Cannot make a TLS connection to ${url.host}: ${textOf(cause)}`;
    return new TransportError(kind, message, { cause });
  };
  let socket: TLSSocket;
  try {
    socket = track(
      connect({
        socket: raw,
        rejectUnauthorized: tls.insecure !== true,
        // An empty string makes Deno throw later; SNI does not allow addresses.
        ...(isIP(name) === 0 ? { servername: name } : {}),
        ...(tls.serverName !== undefined || isIP(host) !== 0
          ? {
            checkServerIdentity: (_: string, peer: Parameters<typeof checkServerIdentity>[1]) =>
              checkServerIdentity(name, peer),
          }
          : {}),
        ...(tls.ca !== undefined && tls.insecure !== true ? { ca: tls.ca } : {}),
        ...(tls.cert !== undefined && tls.key !== undefined
          ? { cert: tls.cert, key: tls.key }
          : {}),
        ...(alpn.length > 0 ? { ALPNProtocols: [...alpn] } : {}),
      }),
      sockets,
    );
  } catch (cause) {
    throw failed(cause);
  }
  await opened(socket, "secureConnect", { signal, explain: failed });
  socket.setNoDelay();
  return socket;
}

// A socket that nobody owns yet must not end the process with an unhandled `error`.
function track<S extends Socket>(socket: S, sockets: Socket[]): S {
  socket.on("error", () => {});
  sockets.push(socket);
  return socket;
}

interface Opening {
  readonly signal: AbortSignal;
  readonly explain: (cause: unknown) => TransportError;
}

function opened(socket: Socket, event: string, { signal, explain }: Opening): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      socket.off(event, onOpen);
      socket.off("error", onError);
      socket.off("close", onClose);
      signal.removeEventListener("abort", onAbort);
    };
    const onOpen = () => {
      leave();
      resolve();
    };
    const onError = (cause: unknown) => {
      leave();
      reject(explain(cause));
    };
    const onClose = () => onError(undefined);
    const onAbort = () => {
      leave();
      reject(signal.reason);
    };
    if (signal.aborted) return reject(signal.reason);
    socket.once(event, onOpen);
    socket.once("error", onError);
    socket.once("close", onClose);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : "the connection was closed";
}
