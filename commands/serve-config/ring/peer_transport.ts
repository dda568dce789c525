/**
 * HTTP between replicas. Through `node:http`, because `fetch` obeys `HTTP_PROXY` whatever one does and refuses
 * some ports; loaded only where there are peers.
 */

import http from "node:http";
import type { Clock, Timer } from "#lib/run/clock.ts";

/** A request to a peer. */
export interface PeerRequest {
  readonly method: "GET" | "DELETE" | "POST";
  /** Request target, already escaped. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** On a connection of its own, behind no other request; false by default. */
  readonly isApart?: boolean;
}

/** Its answer. */
export interface PeerAnswer {
  readonly status: number;
  /** Values by lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Sends requests to peers. */
export interface PeerTransport {
  /** @throws {Error} when no complete answer came in time, or the reason of the request's signal */
  request(peer: string, request: PeerRequest): Promise<PeerAnswer>;
  /** Closes idle connections and lets no new ones live on. */
  close(): void;
}

/** Bounds, in milliseconds and bytes. */
export interface PeerTransportOptions {
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** Makes the transport. */
export function createPeerTransport(
  options: PeerTransportOptions,
  { clock }: { readonly clock: Clock },
): PeerTransport {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64, maxFreeSockets: 8 });
  return {
    async request(peer, request) {
      const apart = request.isApart === true;
      try {
        return await send(peer, request, { ...options, agent: apart ? undefined : agent, clock });
      } catch (error) {
        // The peer may have closed an idle connection at the moment it was taken.
        if (!(error instanceof ClosedIdleError) || request.signal?.aborted) throw error;
        return await send(peer, request, { ...options, agent: undefined, clock });
      }
    },
    close: () => agent.destroy(),
  };
}

class ClosedIdleError extends Error {
  override readonly name = "ClosedIdleError";
}

interface SendDeps extends PeerTransportOptions {
  readonly agent: http.Agent | undefined;
  readonly clock: Clock;
}

function send(peer: string, request: PeerRequest, deps: SendDeps): Promise<PeerAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<PeerAnswer>();
  const { connectTimeoutMs, timeoutMs, maxBytes, agent, clock } = deps;
  const { hostname, port } = new URL(peer);
  const timers: Timer[] = [];
  const outgoing = http.request({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? 80 : Number(port),
    method: request.method,
    path: request.target,
    headers: request.headers,
    agent: agent ?? false,
  });
  const fail = (error: unknown) => {
    reject(error);
    outgoing.destroy();
  };
  const failAfter = (ms: number, what: string) =>
    timers.push(clock.timer(() => fail(new Error(`${what} within ${ms} ms`)), ms));
  failAfter(timeoutMs, "No answer");
  const onAbort = () => fail(request.signal?.reason);
  request.signal?.addEventListener("abort", onAbort, { once: true });
  if (request.signal?.aborted) onAbort();
  outgoing.on("socket", (socket) => {
    if (!socket.connecting) return;
    const timer = clock.timer(
      () => fail(new Error(`No connection within ${connectTimeoutMs} ms`)),
      connectTimeoutMs,
    );
    timers.push(timer);
    socket.once("connect", () => timer.cancel());
  });
  outgoing.on("error", (error) => {
    const idle = outgoing.reusedSocket && /ECONNRESET|EPIPE|socket hang up/.test(String(error));
    fail(idle ? new ClosedIdleError("Idle connection closed", { cause: error }) : error);
  });
  outgoing.on("response", (incoming) => {
    collect(incoming, maxBytes).then(
      (bytes) => resolve({ status: incoming.statusCode ?? 0, headers: flat(incoming), bytes }),
      fail,
    );
  });
  outgoing.end(request.body);
  return promise.finally(() => {
    for (const timer of timers) timer.cancel();
    request.signal?.removeEventListener("abort", onAbort);
  });
}

async function collect(
  incoming: http.IncomingMessage,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > maxBytes) throw new RangeError(`Answer of more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  if (!incoming.complete) throw new Error("Answer cut off");
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function flat(incoming: http.IncomingMessage): Record<string, string | undefined> {
  const { headers } = incoming;
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}
