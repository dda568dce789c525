/**
 * One request on an HTTP/2 session. It ends exactly once: cleanly, only when END_STREAM came and nothing was
 * reset; with one `TransportError` otherwise.
 */

import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";
import { TransportError, type TransportErrorKind } from "../errors.ts";
import type { TransportResponse } from "./contract.ts";
import { createResponse, type OwnedResponse } from "./response.ts";

/** A request as the session sends it. */
export interface StreamRequest {
  /** Pseudo headers included. */
  readonly headers: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array | undefined;
  /** Ends the stream; its reason is a `TransportError`. */
  readonly signal: AbortSignal;
}

/** What the stream asks of its session. */
export interface StreamOwner {
  /** Called once when the stream is gone. */
  readonly onClosed: () => void;
  /** Why the session died, if it did. */
  readonly death: () => TransportError | undefined;
}

const NGHTTP2_CANCEL = 8;
const NGHTTP2_REFUSED_STREAM = 7;

/** An open stream. */
export class Http2Stream {
  /** Settles when the headers have come or cannot come any more. */
  readonly response: Promise<TransportResponse>;
  readonly #stream: ClientHttp2Stream;
  readonly #owner: StreamOwner;
  readonly #signal: AbortSignal;
  #answer: OwnedResponse | undefined;
  #reject: (error: TransportError) => void = () => {};
  #failed = false;
  #ended = false;
  readonly #onAbort = () => this.#cancel(this.#signal.reason);

  /** @throws {TransportError} `refused` when the session takes no more streams */
  constructor(session: ClientHttp2Session, init: StreamRequest, owner: StreamOwner) {
    this.#owner = owner;
    this.#signal = init.signal;
    try {
      this.#stream = session.request(init.headers, { endStream: init.body === undefined });
    } catch (cause) {
      throw new TransportError("refused", "The connection takes no more requests", { cause });
    }
    const stream = this.#stream;
    this.response = new Promise((resolve, reject) => {
      this.#reject = reject;
      stream.once("response", (headers) => {
        const { ":status": status = 0, ...rest } = headers;
        this.#answer = createResponse({
          status,
          headers: rest,
          protocol: "h2",
          source: stream,
          cancel: () => this.#cancel(new TransportError("aborted", "The response was given up")),
        });
        resolve(this.#answer);
      });
    });
    stream.on("end", () => {
      this.#ended = true;
      // An answer may come before the upload ends; the rest of the upload has no reader any more.
      if (!stream.writableFinished) stream.close(0);
    });
    // Needed for the stream's whole life; what happened is read off `rstCode` and the session at `close`.
    stream.on("error", () => {});
    stream.once("close", () => this.#onClose());
    this.#signal.addEventListener("abort", this.#onAbort, { once: true });
    if (init.body !== undefined) stream.end(init.body);
  }

  /** Ends the request with `error` for whoever waits for it; the stream itself dies with its session. */
  fail(error: TransportError): void {
    if (this.#failed) return;
    this.#failed = true;
    if (this.#answer === undefined) this.#reject(error);
    else this.#answer.finish(afterHeaders(error));
  }

  /** The server has said that it did not process streams above `lastStreamId`. */
  refuseAbove(lastStreamId: number): void {
    const id = this.#stream.id;
    if (this.#answer !== undefined || id === undefined || id <= lastStreamId) return;
    this.fail(new TransportError("refused", "The server ended the connection before this request"));
  }

  #cancel(reason: TransportError): void {
    this.fail(reason);
    const stream = this.#stream;
    if (stream.destroyed) return;
    stream.close(NGHTTP2_CANCEL);
    stream.destroy(reason);
  }

  #onClose(): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    const error = this.#verdict();
    if (error !== undefined) this.fail(error);
    else if (!this.#failed) this.#answer?.finish();
    this.#owner.onClosed();
  }

  #verdict(): TransportError | undefined {
    const code = this.#stream.rstCode;
    if (this.#answer !== undefined && this.#ended && code === 0) return undefined;
    const death = this.#owner.death();
    if (death !== undefined) return death;
    const kind: TransportErrorKind = code === NGHTTP2_REFUSED_STREAM && this.#answer === undefined
      ? "refused"
      : code === 0
      ? "connection"
      : "reset";
    return new TransportError(kind, `The server ended the stream early, code ${code ?? 0}`);
  }
}

function afterHeaders(error: TransportError): TransportError {
  if (error.headersSeen) return error;
  return new TransportError(error.kind, error.message, { cause: error.cause, headersSeen: true });
}
