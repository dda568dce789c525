/**
 * One HTTP/2 connection: counts its streams, pings while it has some, and turns every way in which a session
 * can die into one error for each open stream.
 */

import type { ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Clock, Timer } from "#lib/run/clock.ts";
import { TransportError } from "../errors.ts";
import { deferEnds, endSession } from "./end_session.ts";
import { Http2Stream, type StreamRequest } from "./http2_stream.ts";
import type { TransportResponse } from "./contract.ts";

/** Times in milliseconds. */
export interface SessionOptions {
  readonly origin: string;
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

const STREAM_WINDOW_BYTES = 1024 * 1024;
const SESSION_WINDOW_BYTES = 8 * 1024 * 1024;
const MAX_STREAMS = 1000;
const PING_PAYLOAD = new TextEncoder().encode("kcfgping");
const NO_ERROR = 0;

/** A session in the pool. */
export class Http2Session {
  readonly #session: ClientHttp2Session;
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

  private constructor(session: ClientHttp2Session, options: SessionOptions) {
    this.#session = session;
    this.#options = options;
    session.on("remoteSettings", (settings) => {
      this.#maxStreams = Math.min(settings.maxConcurrentStreams ?? MAX_STREAMS, MAX_STREAMS);
    });
    session.on("goaway", (code, lastStreamId) => this.#onGoaway(code, lastStreamId));
    session.on("error", (cause) => {
      this.#death ??= new TransportError("connection", `The connection failed: ${cause.message}`, {
        cause,
      });
    });
    session.on("close", () => this.#onClose());
    session.unref();
  }

  /** Speaks HTTP/2 on an open socket; resolves when streams can be opened. */
  static async start(socket: Socket, options: SessionOptions): Promise<Http2Session> {
    const { connect } = await import("node:http2");
    const session = connect(options.origin, {
      createConnection: () => socket,
      settings: {
        enablePush: false,
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxFrameSize: STREAM_WINDOW_BYTES,
      },
    });
    const started = new Http2Session(session, options);
    deferEnds(session, () => started.retire("connection"));
    await new Promise<void>((resolve, reject) => {
      session.once("connect", resolve);
      session.once("close", () => reject(started.#deathError("connect")));
    });
    session.setLocalWindowSize(SESSION_WINDOW_BYTES);
    return started;
  }

  /** Takes a place for a stream; false when there is none. Follow with `request` or `release`. */
  reserve(): boolean {
    if (this.#retired || this.#closed || this.#reserved >= this.#maxStreams) return false;
    this.#reserved += 1;
    if (this.#reserved === 1) {
      this.#idleTimer?.cancel();
      this.#session.ref();
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
    this.#session.unref();
    if (this.#retired) return endSession(this.#session, "destroy");
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
    try {
      stream = new Http2Stream(this.#session, init, {
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
    if (this.#reserved === 0) return endSession(this.#session, "destroy");
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
    endSession(this.#session, "destroy");
  }

  #deathError(kind: "connect" | "connection"): TransportError {
    return this.#death ?? new TransportError(kind, "The connection was closed by the server");
  }

  #onGoaway(code: number, lastStreamId: number): void {
    if (code !== NO_ERROR) {
      this.destroy(
        new TransportError("connection", `The server ended the connection, code ${code}`),
      );
      return;
    }
    this.retire("goaway");
    endSession(this.#session, "close");
    for (const stream of [...this.#streams]) stream.refuseAbove(lastStreamId);
  }

  #onClose(): void {
    this.#closed = true;
    this.#stopPings();
    this.#idleTimer?.cancel();
    this.#drainTimer?.cancel();
    this.#death ??= this.#deathError("connection");
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

  // One outstanding ping; an error in its callback is not an answer, so that only the deadline counts.
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
    try {
      this.#session.ping(PING_PAYLOAD, (error) => {
        if (error !== null) return;
        this.#pingDeadline?.cancel();
        this.#pingDeadline = undefined;
      });
    } catch {
      // A session that cannot send a ping is dying; its `close` or the deadline says so.
    }
  }

  #stopPings(): void {
    this.#pingTimer?.cancel();
    this.#pingDeadline?.cancel();
    this.#pingTimer = undefined;
    this.#pingDeadline = undefined;
  }
}
