/**
 * One HTTP/2 connection: counts its streams, pings while it has some, and turns every way in which a session
 * can die into one error for each open stream.
 */

import type { ByteConnection } from "#lib/http2/byte_connection.ts";
import { Http2Connection } from "#lib/http2/connection.ts";
import { ErrorCode } from "#lib/http2/http2_error.ts";
import type { Clock, Timer } from "#lib/run/clock.ts";
import { TransportError } from "../errors.ts";
import type { TransportResponse } from "./contract.ts";
import { Http2Stream, type StreamRequest } from "./http2_stream.ts";

/** Times in milliseconds. */
export interface SessionOptions {
  readonly clock: Clock;
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  readonly drainTimeoutMs: number;
  /** A session without streams is given up after this time. */
  readonly idleTimeoutMs: number;
  /** The session takes no new streams from now on. */
  readonly onRetired: (reason: string) => void;
  /** The session is gone. */
  readonly onClosed: () => void;
}

const MAX_STREAMS = 1000;

/** A session in the pool. */
export class Http2Session {
  readonly #connection: Http2Connection;
  readonly #options: SessionOptions;
  readonly #streams = new Set<Http2Stream>();
  #reserved = 0;
  #maxStreams = 100;
  #retired = false;
  #closed = false;
  #death: TransportError | undefined;
  #pingTimer: Timer | undefined;
  #pingDeadline: Timer | undefined;
  #drainTimer: Timer | undefined;
  #idleTimer: Timer | undefined;

  /** Speaks HTTP/2 on an open connection; streams can be opened at once. */
  constructor(bytes: ByteConnection, options: SessionOptions) {
    this.#options = options;
    this.#connection = new Http2Connection(bytes, {
      onSettings: (maxStreams = MAX_STREAMS) => {
        this.#maxStreams = Math.min(maxStreams, MAX_STREAMS);
      },
      onGoaway: (code) => this.#onGoaway(code),
      onPong: () => {
        this.#pingDeadline?.cancel();
        this.#pingDeadline = undefined;
      },
      onClosed: (cause) => this.#onClosed(cause),
    });
    this.#connection.start();
    this.#connection.unref();
  }

  /** Takes a place for a stream; false when there is none. Follow with `request` or `release`. */
  reserve(): boolean {
    if (this.#retired || this.#closed || this.#reserved >= this.#maxStreams) return false;
    this.#reserved += 1;
    if (this.#reserved === 1) {
      this.#idleTimer?.cancel();
      this.#connection.ref();
      this.#schedulePing();
    }
    return true;
  }

  /** Gives a reserved place back. */
  release(): void {
    this.#reserved -= 1;
    if (this.#reserved > 0 || this.#closed) return;
    // A probe under way goes on: without its verdict the next request would meet the same dead session.
    this.#pingTimer?.cancel();
    this.#connection.unref();
    if (this.#retired) return this.#connection.close();
    const { clock, idleTimeoutMs } = this.#options;
    this.#idleTimer = clock.timer(() => this.retire("idle"), idleTimeoutMs, { unref: true });
  }

  /** Opens a stream in a reserved place; the place is given back when the stream closes. */
  async request(init: StreamRequest): Promise<TransportResponse> {
    let stream: Http2Stream;
    // Aborted while the session was chosen: nobody would tell the stream any more.
    if (init.signal.aborted) {
      this.release();
      throw init.signal.reason;
    }
    // The server may have lowered it since, and may end the connection when it is exceeded.
    if (this.#streams.size >= this.#maxStreams) {
      this.release();
      throw new TransportError("refused", "The connection takes no more requests at once");
    }
    try {
      stream = new Http2Stream(this.#connection, init, {
        onClosed: () => {
          this.#streams.delete(stream);
          this.release();
        },
        death: () => this.#death,
      });
    } catch (error) {
      // A dying session refuses before it emits anything; the repeat must not meet it again.
      this.retire("connection");
      this.release();
      throw error;
    }
    this.#streams.add(stream);
    try {
      return await stream.response;
    } catch (error) {
      if (error instanceof TransportError && error.kind === "timeout") this.#ping();
      throw error;
    }
  }

  /** Takes no new streams; open ones may finish until the drain deadline. */
  retire(reason: string): void {
    if (this.#retired) return;
    this.#retired = true;
    this.#stopPings();
    this.#idleTimer?.cancel();
    this.#options.onRetired(reason);
    if (this.#closed) return;
    if (this.#reserved === 0) return this.#connection.close();
    const { clock, drainTimeoutMs } = this.#options;
    this.#drainTimer = clock.timer(
      () => this.destroy(new TransportError("connection", "The connection was drained too long")),
      drainTimeoutMs,
      { unref: true },
    );
  }

  /** Fails all streams with `error` and ends the connection. */
  destroy(error: TransportError): void {
    this.#death ??= error;
    this.retire(error.kind);
    for (const stream of [...this.#streams]) stream.fail(this.#death);
    this.#connection.close();
  }

  #onGoaway(code: number): void {
    if (code === ErrorCode.NO_ERROR) return this.retire("goaway");
    this.destroy(new TransportError("connection", `The server ended the connection, code ${code}`));
  }

  #onClosed(cause: unknown): void {
    this.#closed = true;
    this.#stopPings();
    this.#idleTimer?.cancel();
    this.#drainTimer?.cancel();
    this.#death ??= broken(cause);
    this.retire("connection");
    for (const stream of [...this.#streams]) stream.fail(this.#death);
    this.#options.onClosed();
  }

  #schedulePing(): void {
    if (this.#retired) return;
    const { clock, pingIntervalMs } = this.#options;
    this.#pingTimer?.cancel();
    this.#pingTimer = clock.timer(
      () => {
        this.#ping();
        this.#schedulePing();
      },
      pingIntervalMs,
      { unref: true },
    );
  }

  // One outstanding ping.
  #ping(): void {
    if (this.#pingDeadline !== undefined || this.#closed || this.#retired) return;
    const { clock, pingTimeoutMs } = this.#options;
    this.#pingDeadline = clock.timer(
      () => {
        this.#pingDeadline = undefined;
        this.destroy(
          new TransportError("ping", `The server has not answered a ping for ${pingTimeoutMs} ms`),
        );
      },
      pingTimeoutMs,
      { unref: true },
    );
    this.#connection.ping();
  }

  #stopPings(): void {
    this.#pingTimer?.cancel();
    this.#pingDeadline?.cancel();
    this.#pingTimer = undefined;
    this.#pingDeadline = undefined;
  }
}

function broken(cause: unknown): TransportError {
  if (cause === undefined) {
    return new TransportError("connection", "The connection was closed by the server");
  }
  const text = cause instanceof Error ? cause.message : String(cause);
  return new TransportError("connection", `The connection failed: ${text}`, { cause });
}
