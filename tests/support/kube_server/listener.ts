/** The sockets of the fake API server: TLS with HTTP/2 and HTTP/1.1, or plain HTTP/1.1, and their end. */

import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createSecureServer, type ServerHttp2Session } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Server, Socket } from "node:net";
import type { KeyPair } from "#tests/support/certificates.ts";
import { Exchange, sendGoaway } from "#tests/support/kube_server/exchange.ts";
import type { GoawayMode } from "#tests/support/kube_server/faults.ts";
import type { Timers } from "#tests/support/kube_server/timers.ts";

/** How to listen. */
export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** `undefined`: plain HTTP/1.1. */
  readonly tls: {
    readonly keyPair: KeyPair;
    /** Authorities of client certificates. */
    readonly clientCaPem: string;
    readonly requireClientCertificate: boolean;
    readonly http2: boolean;
  } | undefined;
  readonly maxConcurrentStreams: number;
}

/** An open listener. */
export interface Listener {
  readonly port: number;
  /** TCP connections open now. */
  readonly connectionCount: number;
  /** GOAWAY on every HTTP/2 connection. */
  goaway(mode: GoawayMode): void;
  /** Resets every connection. */
  cutAll(): void;
  /** Stops listening and drops every connection; resolves when all is closed. */
  close(): Promise<void>;
}

/** Opens a listener that hands each request to `onExchange`. */
export async function listen(
  options: ListenOptions,
  { timers, onExchange }: {
    readonly timers: Timers;
    readonly onExchange: (exchange: Exchange) => void;
  },
): Promise<Listener> {
  const sockets = new Map<number, Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer(options, sessions);
  const findSocket = (remotePort: number) => sockets.get(remotePort);
  server.on("connection", (socket: Socket) => {
    const { remotePort } = socket;
    if (remotePort === undefined) return;
    sockets.set(remotePort, socket);
    socket.setNoDelay();
    socket.on("error", () => {});
    socket.on("close", () => {
      if (sockets.get(remotePort) === socket) sockets.delete(remotePort);
    });
  });
  server.on("request", (request, response) => {
    onExchange(new Exchange(request, response, { findSocket, timers }));
  });
  server.listen(options.port, options.host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get connectionCount() {
      return sockets.size;
    },
    goaway(mode) {
      for (const session of sessions) {
        const streamId = Number(session.state.lastProcStreamID ?? 1);
        sendGoaway(session, { mode, streamId, timers });
      }
    },
    cutAll() {
      for (const socket of sockets.values()) socket.resetAndDestroy();
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      // A session must not end inside one of its own callbacks, and a caller may be in one.
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      for (const session of sessions) session.destroy();
      for (const socket of sockets.values()) socket.destroy();
      await closed;
    },
  };
}

function createServer(options: ListenOptions, sessions: Set<ServerHttp2Session>): Server {
  const { tls } = options;
  if (tls === undefined) return createHttpServer();
  const secrets = {
    key: tls.keyPair.privateKeyPem,
    cert: tls.keyPair.certificatePem,
    ca: tls.clientCaPem,
    requestCert: true,
    rejectUnauthorized: tls.requireClientCertificate,
  };
  const server = tls.http2
    ? createSecureServer({
      ...secrets,
      allowHTTP1: true,
      settings: { maxConcurrentStreams: options.maxConcurrentStreams },
    })
    : createHttpsServer({ ...secrets, ALPNProtocols: ["http/1.1"] });
  server.on("session", (session: ServerHttp2Session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.on("close", () => sessions.delete(session));
  });
  server.on("tlsClientError", () => {
    // A client that refuses our certificate is what some tests are about.
  });
  return server as Server;
}
