/**
 * One request and its answer, alike for HTTP/1.1 and HTTP/2, with the rude ends a test needs: reset of
 * the stream, reset of the connection, GOAWAY.
 */

import { Buffer } from "node:buffer";
import type {
  Http2ServerRequest,
  Http2ServerResponse,
  ServerHttp2Session,
  ServerHttp2Stream,
} from "node:http2";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { gzipSync } from "node:zlib";
import type { GoawayMode } from "#tests/support/kube_server/faults.ts";
import type { Json } from "#tests/support/kube_server/json.ts";
import type { Timers } from "#tests/support/kube_server/timers.ts";

/** RST_STREAM codes. */
export const H2_CANCEL = 8;

const HIGHEST_STREAM_ID = 2 ** 31 - 1;
/** The real server compresses from this size on. */
const GZIP_FROM_BYTES = 128 * 1024;

/** What an exchange needs of its server. */
export interface ExchangeDeps {
  /** Finds the TCP socket below a connection by its remote port. */
  findSocket(remotePort: number): Socket | undefined;
  readonly timers: Timers;
}

/** Headers of an answer. */
export type Headers = Readonly<Record<string, string | readonly string[]>>;

/** One request and its answer. */
export class Exchange {
  readonly method: string;
  /** As sent. */
  readonly rawTarget: string;
  readonly httpVersion: "1.1" | "2";
  /** Lines as sent, names and values in turn; pseudo headers left out. */
  readonly headerLines: readonly (readonly [string, string])[];
  /** Added to the answer's headers. */
  readonly extraHeaders: Record<string, string> = {};
  /** Cuts the answer after so many bytes. */
  truncation: { readonly bytes: number; readonly how: "cut" | "reset" } | undefined;
  readonly #request: IncomingMessage | Http2ServerRequest;
  // The response of HTTP/2 has the methods used here as well, with types that do not unite.
  readonly #response: ServerResponse;
  readonly #stream: ServerHttp2Stream | undefined;
  readonly #deps: ExchangeDeps;
  readonly #remotePort: number;
  readonly #session: ServerHttp2Session | undefined;
  readonly #warnings: string[] = [];
  #isClosed = false;
  #status = 0;

  constructor(
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
    deps: ExchangeDeps,
  ) {
    this.#request = request;
    this.#response = response as ServerResponse;
    this.#stream = "stream" in response ? response.stream : undefined;
    this.#deps = deps;
    this.method = request.method ?? "GET";
    this.rawTarget = request.url ?? "/";
    this.httpVersion = request.httpVersionMajor === 2 ? "2" : "1.1";
    this.headerLines = linesOf(request.rawHeaders);
    this.#session = "stream" in request ? request.stream.session as ServerHttp2Session : undefined;
    this.#remotePort = socketOf(request)?.remotePort ?? 0;
    // A peer that goes away is no failure of the server.
    request.on("error", () => {});
    response.on("error", () => {});
    response.on("close", () => {
      this.#isClosed = true;
    });
  }

  /** Whether the answer is over, however it ended. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Status that was sent; 0 before. */
  get status(): number {
    return this.#status;
  }

  /** Bytes written but not yet taken by the peer. */
  get bufferedBytes(): number {
    return this.#response.writableLength ?? 0;
  }

  /** First value of a header. */
  header(name: string): string | undefined {
    return this.headerLines.find(([key]) => key.toLowerCase() === name)?.[1];
  }

  /** All values of a header, one per line. */
  headerValues(name: string): string[] {
    return this.headerLines.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
  }

  /** Subject of the client certificate, when one was given and verified. */
  certificateSubject(): { readonly name: string; readonly groups: readonly string[] } | undefined {
    const socket = socketOf(this.#request) as Partial<TLSSocket> | undefined;
    if (socket?.authorized !== true) return undefined;
    const subject = socket.getPeerCertificate?.().subject as
      | { readonly CN?: string; readonly O?: string | readonly string[] }
      | undefined;
    if (subject?.CN === undefined) return undefined;
    return { name: subject.CN, groups: [subject.O ?? []].flat() };
  }

  /** Adds a `Warning` line to the answer. */
  warn(text: string): void {
    const warnings = this.#warnings;
    warnings.push(`299 - ${JSON.stringify(text)}`);
    this.extraHeaders["warning"] = warnings.join(", ");
  }

  /** Reads the whole body. */
  async body(): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.#request) chunks.push(chunk as Uint8Array);
    return Buffer.concat(chunks).toString();
  }

  /** Answers with JSON and ends. */
  json(status: number, value: Json, headers: Headers = {}): void {
    const contentType = headers["content-type"] ?? "application/json";
    this.text(status, JSON.stringify(value) + "\n", { ...headers, "content-type": contentType });
  }

  /** Answers with text and ends. */
  text(status: number, text: string, headers: Headers = {}): void {
    if (this.#isClosed) return;
    const bytes = Buffer.from(text);
    const acceptsGzip = this.header("accept-encoding")?.includes("gzip") ?? false;
    const isCompressed = acceptsGzip && bytes.length >= GZIP_FROM_BYTES;
    const body = isCompressed ? gzipSync(bytes, { level: 1 }) : bytes;
    this.#head(status, {
      ...headers,
      "content-length": String(body.length),
      ...(isCompressed ? { "content-encoding": "gzip", vary: "Accept-Encoding" } : {}),
    });
    if (this.truncation === undefined) {
      this.#response.end(body);
      return;
    }
    const { bytes: keep, how } = this.truncation;
    this.#response.write(body.subarray(0, keep));
    this.#soon(() => how === "cut" ? this.cut() : this.reset(H2_CANCEL));
  }

  /** Sends headers at once; what follows comes by `write`. */
  startStream(headers: Headers): void {
    this.#head(200, headers);
    this.#response.flushHeaders();
  }

  /** Sends a piece of a stream. */
  write(chunk: string | Uint8Array): void {
    if (!this.#isClosed) this.#response.write(chunk);
  }

  /** Ends a stream cleanly. */
  end(): void {
    if (!this.#isClosed) this.#response.end();
  }

  /** Resets the connection; everything on it is gone. What was written before has a moment to leave. */
  cut(): void {
    this.#soon(() => this.#deps.findSocket(this.#remotePort)?.resetAndDestroy());
  }

  /** Resets the stream; on HTTP/1.1 there is none, so the connection. */
  reset(code: number): void {
    const stream = this.#stream;
    if (stream === undefined) return this.cut();
    this.#soon(() => stream.close(code));
  }

  /** Sends GOAWAY; on HTTP/1.1 the answer closes the connection instead. */
  goaway(mode: GoawayMode): void {
    if (this.#stream === undefined || this.#session === undefined) {
      this.extraHeaders["connection"] = "close";
      return;
    }
    const streamId = this.#stream.id ?? 1;
    sendGoaway(this.#session, { mode, streamId, timers: this.#deps.timers });
  }

  /** Calls `listener` when the answer is over. */
  onClose(listener: () => void): void {
    this.#response.on("close", listener);
  }

  #head(status: number, headers: Headers): void {
    this.#status = status;
    const all = { ...headers, ...this.extraHeaders, "audit-id": crypto.randomUUID() };
    for (const [name, value] of Object.entries(all)) {
      this.#response.setHeader(name, value as string);
    }
    this.#response.statusCode = status;
  }

  /** Frames written before must reach the socket, and no session ends inside its own callback. */
  #soon(action: () => void): void {
    this.#deps.timers.after(10, action);
  }
}

/** Sends GOAWAY on a session; `streamId` is the stream the mode refers to. */
export function sendGoaway(
  session: ServerHttp2Session,
  { mode, streamId, timers }: {
    readonly mode: GoawayMode;
    readonly streamId: number;
    readonly timers: Timers;
  },
): void {
  const send = (lastStreamId: number) => {
    if (!session.destroyed) session.goaway(0, lastStreamId);
  };
  if (mode === "single") return send(streamId);
  if (mode === "lowLastStream") return send(Math.max(streamId - 2, 0));
  send(HIGHEST_STREAM_ID);
  timers.after(30, () => send(streamId));
}

function socketOf(request: IncomingMessage | Http2ServerRequest): Socket | undefined {
  // The socket of an HTTP/2 session is a proxy that only lets a few properties through.
  return "stream" in request
    ? request.stream.session?.socket as Socket | undefined
    : request.socket;
}

function linesOf(raw: readonly string[]): [string, string][] {
  const lines: [string, string][] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? "";
    if (!name.startsWith(":")) lines.push([name, raw[index + 1] ?? ""]);
  }
  return lines;
}
