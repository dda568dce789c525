/**
 * HTTP to one API server: HTTP/2 with a fall back to HTTP/1.1, credentials per request, time-outs, and the
 * two repeats that are always safe (a refused stream, fresh credentials after a 401).
 */

import { systemClock } from "#lib/run/clock.ts";
import { TransportError } from "../errors.ts";
import type {
  HeaderValues,
  Transport,
  TransportOptions,
  TransportRequest,
  TransportResponse,
} from "./contract.ts";
import { dial, type DialLimits, type DialTarget, hostAndPort } from "./dial.ts";
import { Http1Client } from "./http1.ts";
import { Http2Pool } from "./http2_pool.ts";
import { createDeadline, type Deadline } from "./deadline.ts";
import { checkHeaders } from "./headers.ts";
import { openConnection } from "./open_connection.ts";

/** Makes a transport; nothing is dialled before the first request. */
export function createTransport(options: TransportOptions): Transport {
  return new ServerTransport(options);
}

class ServerTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #server: URL;
  readonly #prefix: string;
  readonly #pool: Http2Pool;
  readonly #http1: Http1Client;
  readonly #closing = new AbortController();
  #useHttp1: boolean;
  #recycles = 0;
  #closed: Promise<void> | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#server = new URL(options.server);
    this.#prefix = this.#server.pathname.replace(/\/+$/, "");
    this.#useHttp1 = options.http2 === false || this.#server.protocol === "http:";
    const clock = options.clock ?? systemClock;
    const lightTls = { open: options.openLightTls };
    this.#pool = new Http2Pool({
      clock,
      pingIntervalMs: options.pingIntervalMs ?? 30_000,
      pingTimeoutMs: options.pingTimeoutMs ?? 15_000,
      drainTimeoutMs: options.drainTimeoutMs ?? 60_000,
      idleTimeoutMs: options.idleTimeoutMs ?? 90_000,
      dial: async () => {
        const { target, limits } = await this.#whereTo();
        return await openConnection(target, limits, lightTls);
      },
      onRecycle: (reason) => options.onRecycle?.(reason),
    });
    this.#http1 = new Http1Client({
      ...hostAndPort(this.#server),
      idleTimeoutMs: options.idleTimeoutMs ?? 90_000,
      dial: async () => {
        const { target, limits } = await this.#whereTo();
        return (await dial({ ...target, alpn: ["http/1.1"] }, limits)).socket;
      },
    });
  }

  async request(init: TransportRequest): Promise<TransportResponse> {
    const headers = checkHeaders(init.headers ?? {});
    if (this.#closed !== undefined) throw closedError();
    const deadline = createDeadline(init, this.#options.clock ?? systemClock);
    try {
      const response = await this.#authorized(init, headers, deadline);
      return deadline.follow(response, { untilHeaders: init.stream === true });
    } catch (error) {
      deadline.end();
      throw error;
    }
  }

  recycle(reason: string): void {
    this.#recycles += 1;
    this.#pool.retire(reason);
    this.#http1.retire();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const error = closedError();
    this.#closing.abort(error);
    await Promise.all([this.#pool.close(error), this.#http1.close(error)]);
  }

  async #authorized(
    init: TransportRequest,
    headers: Record<string, string | readonly string[]>,
    deadline: Deadline,
  ): Promise<TransportResponse> {
    const { authorization } = this.#options;
    if (authorization === undefined || headers["authorization"] !== undefined) {
      return await this.#send(init, headers, deadline);
    }
    const value = await deadline.raceCredentials(authorization());
    const first = await this.#send(init, withAuthorization(headers, value), deadline);
    if (first.status !== 401) return first;
    const recycles = this.#recycles;
    const fresh = await deadline.raceCredentials(authorization(value ?? ""));
    // Fresh credentials are another header value, or another certificate on new connections.
    if (fresh === value && this.#recycles === recycles) return first;
    first.cancel();
    return await this.#send(init, withAuthorization(headers, fresh), deadline);
  }

  async #send(
    init: TransportRequest,
    headers: HeaderValues,
    deadline: Deadline,
  ): Promise<TransportResponse> {
    try {
      return await this.#sendOnce(init, headers, deadline);
    } catch (error) {
      // The server has not processed it, so any method may be sent again, once.
      if (!(error instanceof TransportError) || error.kind !== "refused") throw error;
      return await this.#sendOnce(init, headers, deadline);
    }
  }

  async #sendOnce(
    { method, path, body }: TransportRequest,
    headers: HeaderValues,
    deadline: Deadline,
  ): Promise<TransportResponse> {
    const { signal } = deadline;
    const target = this.#prefix + path;
    if (!this.#useHttp1) {
      const leasing = this.#pool.lease();
      const lease = await deadline.race(
        leasing,
        (late) => "session" in late ? late.session.release() : this.#http1.discard(late.http1),
      );
      if ("session" in lease) {
        return await lease.session.request({
          method,
          path: target,
          authority: this.#server.host,
          headers,
          body,
          signal,
        });
      }
      this.#useHttp1 = true;
      this.#http1.adopt(lease.http1);
    }
    const host = this.#server.host;
    return await this.#http1.request({
      method,
      path: target,
      headers: { ...headers, host },
      body,
      signal,
    });
  }

  async #whereTo(): Promise<{ target: Omit<DialTarget, "alpn">; limits: DialLimits }> {
    const { tls = {}, proxyUrl, connectTimeoutMs = 10_000, clock = systemClock } = this.#options;
    if (this.#closing.signal.aborted) throw closedError();
    return {
      target: {
        server: this.#server,
        tls: typeof tls === "function" ? await tls() : tls,
        proxy: proxyUrl === undefined ? undefined : new URL(proxyUrl),
      },
      limits: { clock, timeoutMs: connectTimeoutMs, signal: this.#closing.signal },
    };
  }
}

function withAuthorization(
  headers: Record<string, string | readonly string[]>,
  value: string | undefined,
): Record<string, string | readonly string[]> {
  return value === undefined ? headers : checkHeaders({ ...headers, authorization: value });
}

function closedError(): TransportError {
  return new TransportError("closed", "The connection to the API server was closed by its owner");
}
