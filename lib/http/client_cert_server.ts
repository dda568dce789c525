/**
 * The same server for clients with certificates: `Deno.serve` cannot ask for them, so this one stands on
 * `node:https`. Load it only where it is wanted.
 */

import https from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Logger } from "#lib/log/logger.ts";
import { ALL_INTERFACES } from "./address.ts";
import { plain } from "./plain.ts";
import { checkPair } from "./renewable_server.ts";
import type { TlsPair } from "./renewable_server.ts";
import type { Handler, RunningServer, ServerOptions } from "./server.ts";

/** A server that takes other certificates. */
export interface ClientCertServer extends RunningServer {
  /**
   * Uses other certificates for new connections from then on.
   *
   * @throws {Error} when they cannot be used; the old ones stay in use
   */
  renew(material: TlsPair & { readonly clientCa: string }): void;
}

/** What to serve, and whose certificates are asked for. */
export interface ClientCertServerOptions extends ServerOptions {
  readonly tls: { readonly cert: string; readonly key: string };
  /** Authorities of client certificates in PEM; a client without one is cut off in the handshake. */
  readonly clientCa: string;
}

/** A client certificate that was verified. */
export interface ClientCertificate {
  /** DER. */
  readonly raw: Uint8Array;
  /** `undefined` when it has none or several. */
  readonly commonName: string | undefined;
}

const SOCKETS = new WeakMap<Request, TLSSocket>();
const CERTIFICATES = new WeakMap<TLSSocket, ClientCertificate>();

/** The certificate of whoever sent a request to one of these servers; `undefined` for any other request. */
export function clientCertificateOf(request: Request): ClientCertificate | undefined {
  const socket = SOCKETS.get(request);
  if (socket === undefined || !socket.authorized) return undefined;
  const known = CERTIFICATES.get(socket);
  if (known !== undefined) return known;
  const { raw, subject } = socket.getPeerCertificate();
  if (raw === undefined) return undefined;
  const { CN } = subject;
  const certificate = { raw, commonName: typeof CN === "string" ? CN : undefined };
  CERTIFICATES.set(socket, certificate);
  return certificate;
}

/** Longest wait for the headers of a request. */
const HEADERS_TIMEOUT_MS = 10_000;

/**
 * Listens and serves.
 *
 * @throws {Error} naming server and address when it cannot listen there
 */
export async function startClientCertServer(
  { name, address, handler, tls, clientCa }: ClientCertServerOptions,
  { log }: { readonly log: Logger },
): Promise<ClientCertServer> {
  const settings = { requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.2" } as const;
  const server = https.createServer({ ...settings, ...tls, ca: clientCa }, (incoming, outgoing) => {
    serve(handler, incoming, outgoing).catch((err) => {
      log.error("request failed", { listener: name, err });
      outgoing.destroy();
    });
  });
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  const connections = followConnections(server);
  const finished = new Promise<void>((resolve) => server.once("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    server.once("listening", () => resolve());
    server.once("error", (error) => {
      const shown = `${address.hostname ?? ""}:${address.port}`;
      reject(
        new Error(`Cannot listen on ${shown} for the ${name} listener: ${error.message}`, {
          cause: error,
        }),
      );
    });
    server.listen(address.port, address.hostname ?? ALL_INTERFACES[0]);
  });
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new TypeError("Not a TCP listener");
  let stopped: Promise<void> | undefined;
  return {
    address: { hostname: bound.address, port: bound.port },
    finished,
    renew(material) {
      // It would take anything, and then fail in every handshake.
      checkPair(material);
      const { cert, key, clientCa: ca } = material;
      server.setSecureContext({ ...settings, cert, key, ca });
    },
    stop(deadline) {
      stopped ??= (async () => {
        server.close();
        server.closeIdleConnections();
        // Those in or after a handshake are no connections to it yet, or no more, and it would wait for them for ever.
        for (const { socket, requests } of connections.values()) {
          if (requests === 0) socket.destroy();
        }
        const cut = () => {
          server.closeAllConnections();
          for (const { socket } of connections.values()) socket.destroy();
        };
        if (deadline.aborted) cut();
        deadline.addEventListener("abort", cut, { once: true });
        await finished;
        deadline.removeEventListener("abort", cut);
      })();
      return stopped;
    },
  };
}

/** A connection as the kernel has it, below TLS, and how many requests are under way on it. */
interface Connection {
  readonly socket: Socket;
  requests: number;
}

/** All that are open, by the address at the other end. */
function followConnections(server: https.Server): ReadonlyMap<string, Connection> {
  const connections = new Map<string, Connection>();
  const keyOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;
  server.on("connection", (socket: Socket) => {
    const key = keyOf(socket);
    const connection = { socket, requests: 0 };
    connections.set(key, connection);
    socket.once("close", () => {
      if (connections.get(key) === connection) connections.delete(key);
    });
  });
  server.on("request", ({ socket }: IncomingMessage, outgoing: ServerResponse) => {
    const connection = connections.get(keyOf(socket));
    if (connection === undefined) return;
    connection.requests += 1;
    outgoing.once("close", () => connection.requests -= 1);
  });
  return connections;
}

async function serve(
  handler: Handler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  const request = requestOf(incoming, gone.signal);
  if (request !== undefined) SOCKETS.set(request, incoming.socket as TLSSocket);
  const { remoteAddress = "", remotePort = 0 } = incoming.socket;
  const response = await answer(handler, request, {
    remoteAddr: { transport: "tcp", hostname: remoteAddress, port: remotePort },
    completed: new Promise<void>((resolve) => outgoing.once("close", () => resolve())),
  });
  const headers = Object.fromEntries(response.headers);
  outgoing.writeHead(response.status, headers);
  for await (const chunk of response.body ?? []) {
    if (gone.signal.aborted) break;
    if (!outgoing.write(chunk)) {
      await new Promise<void>((resolve) => {
        outgoing.once("drain", () => resolve());
        outgoing.once("close", () => resolve());
      });
    }
  }
  outgoing.end();
}

async function answer(
  handler: Handler,
  request: Request | undefined,
  info: Deno.ServeHandlerInfo<Deno.NetAddr>,
): Promise<Response> {
  return request === undefined
    ? plain("bad request", { status: 400 })
    : await handler(request, info);
}

/** The request as `Deno.serve` would give it, the target as it was sent. */
function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request | undefined {
  const { method = "GET", url = "/" } = incoming;
  const headers = new Headers();
  try {
    for (const [name, value] of Object.entries(incoming.headers)) {
      for (const one of Array.isArray(value) ? value : [value ?? ""]) headers.append(name, one);
    }
    const hasBody = method !== "GET" && method !== "HEAD";
    const body = hasBody
      ? { body: ReadableStream.from(incoming as AsyncIterable<Uint8Array>) }
      : {};
    const request = new Request("https://client/", { method, headers, signal, ...body });
    // The constructor would resolve dot segments, which must be refused instead.
    Object.defineProperty(request, "url", { value: `https://client${url}` });
    return request;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
