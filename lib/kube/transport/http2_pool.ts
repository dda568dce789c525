/** The HTTP/2 sessions to one server: as many as the streams need, one dial at a time. */

import type { Socket } from "node:net";
import type { TransportError } from "../errors.ts";
import { Http2Session, type SessionOptions } from "./http2_session.ts";
import type { Opened } from "./open_connection.ts";

/** Options of the pool. */
export interface PoolOptions extends Omit<SessionOptions, "onRetired" | "onClosed"> {
  readonly dial: () => Promise<Opened>;
  readonly onRecycle: (reason: string) => void;
}

/** A place on a session, or the socket of a server that speaks only HTTP/1.1. */
export type Lease = { readonly session: Http2Session } | { readonly http1: Socket };

/** The pool. */
export class Http2Pool {
  readonly #options: PoolOptions;
  readonly #usable = new Set<Http2Session>();
  readonly #alive = new Map<Http2Session, Promise<void>>();
  #dialing: Promise<Socket | undefined> | undefined;
  #generation = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Reserves a place for a stream, dialling when there is none. */
  async lease(): Promise<Lease> {
    while (true) {
      for (const session of this.#usable) if (session.reserve()) return { session };
      this.#dialing ??= this.#dial().finally(() => this.#dialing = undefined);
      const http1 = await this.#dialing;
      if (http1 !== undefined) return { http1 };
    }
  }

  /** No new streams on the present sessions. */
  retire(reason: string): void {
    this.#generation += 1;
    for (const session of [...this.#usable]) session.retire(reason);
  }

  /** Fails all streams; resolves when all sessions are gone. */
  async close(error: TransportError): Promise<void> {
    this.#generation += 1;
    await this.#dialing?.catch(() => undefined);
    for (const session of this.#alive.keys()) session.destroy(error);
    await Promise.all(this.#alive.values());
  }

  async #dial(): Promise<Socket | undefined> {
    const generation = this.#generation;
    const opened = await this.#options.dial();
    if (opened.protocol === "http/1.1") return opened.socket;
    let closed = () => {};
    const gone = new Promise<void>((resolve) => closed = resolve);
    const session = new Http2Session(opened.bytes, {
      ...this.#options,
      onRetired: (reason) => {
        this.#usable.delete(session);
        this.#options.onRecycle(reason);
      },
      onClosed: () => {
        this.#alive.delete(session);
        closed();
      },
    });
    this.#alive.set(session, gone);
    this.#usable.add(session);
    if (generation !== this.#generation) session.retire("credentials");
    return undefined;
  }
}
