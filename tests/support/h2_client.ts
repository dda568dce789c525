/** A bare HTTP/2 client for tests of servers: it retries nothing and reports what it sees. */

import { Buffer } from "node:buffer";
import { once } from "node:events";
import http2, { type ClientHttp2Session } from "node:http2";
import tls from "node:tls";

/** Where to connect. */
export interface H2Target {
  readonly url: string;
  readonly port: number;
  readonly caPem: string;
}

/** What came back for one request. */
export interface H2Answer {
  /** 0 when no headers came. */
  readonly status: number;
  readonly text: string;
  readonly rstCode: number;
  readonly chunkCount: number;
}

/** A connection. `await using` closes it. */
export class H2Client implements AsyncDisposable {
  /** Last stream ids of the GOAWAY frames so far. */
  readonly goaways: number[] = [];
  /** Body so far of the request that got bytes last. */
  received = "";
  /** Requests that are over. */
  ended = 0;
  /** Whether the session is over. */
  isClosed = false;
  readonly #session: ClientHttp2Session;

  /** Use `connectH2`. */
  constructor(session: ClientHttp2Session) {
    this.#session = session;
    session.on("goaway", (_code, lastStreamId) => this.goaways.push(Number(lastStreamId)));
    session.on("error", () => {});
    session.on("close", () => {
      this.isClosed = true;
    });
  }

  /** What the server allows at a time, once its settings have come. */
  get maxConcurrentStreams(): number | undefined {
    return this.#session.remoteSettings.maxConcurrentStreams;
  }

  /** Sends a GET; resolves at the end of the stream, however it ends. */
  request(path: string, headers: Record<string, string | string[]> = {}): Promise<H2Answer> {
    const { promise, resolve } = Promise.withResolvers<H2Answer>();
    const stream = this.#session.request({ ...headers, ":path": path }, { endStream: true });
    let status = 0;
    let chunkCount = 0;
    const chunks: Uint8Array[] = [];
    stream.on("response", (head) => {
      status = Number(head[":status"]);
    });
    stream.on("data", (chunk: Uint8Array) => {
      chunks.push(chunk);
      chunkCount += 1;
      this.received = Buffer.concat(chunks).toString();
    });
    stream.on("error", () => {});
    stream.on("close", () => {
      this.ended += 1;
      resolve({
        status,
        text: Buffer.concat(chunks).toString(),
        rstCode: stream.rstCode ?? 0,
        chunkCount,
      });
    });
    return promise;
  }

  /** Ends the session. Idempotent. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    const closed = once(this.#session, "close");
    // Deno frees memory that is still in use when a session ends in its own callback.
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    this.#session.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Connects and waits for TLS. */
export async function connectH2(server: H2Target): Promise<H2Client> {
  const socket = tls.connect({
    host: "127.0.0.1",
    port: server.port,
    ca: server.caPem,
    ALPNProtocols: ["h2"],
  });
  await once(socket, "secureConnect");
  return new H2Client(http2.connect(server.url, { createConnection: () => socket }));
}
