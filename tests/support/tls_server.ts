/**
 * A bare HTTPS server (HTTP/2, HTTP/1.1 or both) with a handler, and a TCP relay that can freeze or cut what
 * passes through: for tests of the transport. The fake API server is another file.
 */

import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { RequestListener } from "node:http";
import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { KeyPair } from "#tests/support/certificates.ts";

/** Answers one request. */
export type Handler = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

/** A running server. */
export interface TlsServer extends AsyncDisposable {
  readonly port: number;
  /** Open HTTP/2 sessions, in the order of their start. */
  readonly sessions: ServerHttp2Session[];
  /** TCP connections accepted so far. */
  readonly connections: () => number;
  /** TCP connections open now. */
  readonly openConnections: () => number;
}

/** How to serve. */
export interface TlsServerOptions {
  readonly keyPair: KeyPair;
  /** PEM of an authority for client certificates, which are then demanded. */
  readonly clientCa?: string;
  /** Serve HTTP/1.1 alone. */
  readonly http1Only?: boolean;
  readonly maxConcurrentStreams?: number;
}

/** Starts a server on a free port of the loopback interface. */
export async function startTlsServer(
  handler: Handler,
  { keyPair, clientCa, http1Only = false, maxConcurrentStreams = 100 }: TlsServerOptions,
): Promise<TlsServer> {
  const sessions: ServerHttp2Session[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const tls = {
    key: keyPair.privateKeyPem,
    cert: keyPair.certificatePem,
    ...(clientCa === undefined
      ? {}
      : { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  };
  const server = http1Only
    ? createHttpsServer(tls, handler as unknown as RequestListener)
    : createSecureServer({ ...tls, settings: { maxConcurrentStreams } }, handler);
  server.on("session", (session: ServerHttp2Session) => {
    session.on("error", () => {});
    sessions.push(session);
  });
  server.on("stream", (stream: ServerHttp2Stream) => stream.on("error", () => {}));
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => {});
  server.on("sessionError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    sessions,
    connections: () => connections,
    openConnections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      // Sessions are ended in a fresh macrotask, never inside one of their own callbacks.
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of sessions) if (!session.destroyed) session.destroy();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** A relay between a client and a server. */
export interface Relay extends AsyncDisposable {
  readonly port: number;
  /** Stops forwarding on the present connections, without closing anything. */
  freeze(): void;
  /** Resets the present connections. */
  cut(): void;
  readonly connections: () => number;
}

/** Starts a relay to a port of the loopback interface. */
export async function startRelay(targetPort: number): Promise<Relay> {
  const pairs = new Set<{ near: Socket; far: Socket }>();
  let connections = 0;
  const server = createServer((near) => {
    connections += 1;
    const far = connect(targetPort, "127.0.0.1");
    const pair = { near, far };
    pairs.add(pair);
    near.setNoDelay();
    far.setNoDelay();
    near.on("data", (chunk) => far.write(chunk));
    far.on("data", (chunk) => near.write(chunk));
    for (const [socket, other] of [[near, far], [far, near]] as const) {
      socket.on("error", () => {});
      socket.on("close", () => {
        other.destroy();
        pairs.delete(pair);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    freeze() {
      for (const { near, far } of pairs) {
        near.removeAllListeners("data");
        far.removeAllListeners("data");
        near.pause();
        far.pause();
      }
    },
    cut() {
      for (const { near, far } of [...pairs]) {
        near.resetAndDestroy();
        far.resetAndDestroy();
      }
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const { near, far } of pairs) {
        near.destroy();
        far.destroy();
      }
      await closed;
    },
  };
}

/** A server that takes connections and never says a word. */
export interface SilentServer extends AsyncDisposable {
  readonly port: number;
  readonly connections: () => number;
  /** Connections that their client has ended. */
  readonly ended: () => number;
}

/** Starts one on a free port of the loopback interface. */
export async function startSilentServer(): Promise<SilentServer> {
  const sockets: Socket[] = [];
  let ended = 0;
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.resume();
    socket.on("error", () => {});
    socket.once("close", () => ended += 1);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => sockets.length,
    ended: () => ended,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
