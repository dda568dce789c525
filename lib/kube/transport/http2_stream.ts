/**
 * One request on an HTTP/2 connection. It ends exactly once: cleanly, only when END_STREAM came and nothing was
 * reset; with one `TransportError` otherwise.
 */

import type { Http2Connection, OpenStream } from "#lib/http2/connection.ts";
import { ErrorCode } from "#lib/http2/http2_error.ts";
import type { HeaderLine } from "#lib/http2/static_table.ts";
import { TransportError, type TransportErrorKind } from "../errors.ts";
import type { HeaderValues, TransportResponse } from "./contract.ts";
import { type ByteSource, createResponse, type OwnedResponse } from "./response.ts";

/** A request as the session sends it. */
export interface StreamRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Host and port. */
  readonly authority: string;
  readonly headers: HeaderValues;
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

/** An open stream. */
export class Http2Stream {
  /** Settles when the headers have come or cannot come any more. */
  readonly response: Promise<TransportResponse>;
  readonly #stream: OpenStream;
  readonly #owner: StreamOwner;
  readonly #signal: AbortSignal;
  #answer: OwnedResponse | undefined;
  #resolve: (response: TransportResponse) => void = () => {};
  #reject: (error: TransportError) => void = () => {};
  #failed = false;
  #isWhole = false;
  readonly #onAbort = () => this.#cancel(this.#signal.reason);

  /** @throws {TransportError} `refused` when the connection takes no more streams */
  constructor(connection: Http2Connection, init: StreamRequest, owner: StreamOwner) {
    this.#owner = owner;
    this.#signal = init.signal;
    const source = new StreamSource((bytes) => this.#stream.acknowledge(bytes));
    // Not `Promise.withResolvers`, which Node 20 does not have.
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    try {
      this.#stream = connection.open(headerLines(init), {
        body: typeof init.body === "string" ? new TextEncoder().encode(init.body) : init.body,
        events: {
          onHeaders: (status, lines) => {
            const answer = createResponse({
              status,
              headers: headerValues(lines),
              protocol: "h2",
              source,
              cancel: () =>
                this.#cancel(new TransportError("aborted", "The response was given up")),
            });
            void this.#handOn(answer);
          },
          onData: (piece) => source.receive(piece),
          onClosed: (end) => this.#onClosed(end),
        },
      });
    } catch (cause) {
      throw new TransportError("refused", "The connection takes no more requests", { cause });
    }
    this.#signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Ends the request with `error` for whoever waits for it; the stream itself dies with its session. */
  fail(error: TransportError): void {
    if (this.#failed) return;
    this.#failed = true;
    if (this.#answer === undefined) this.#reject(error);
    else this.#answer.finish(afterHeaders(error));
  }

  /** When all that came with the headers was looked at: it may say that the server has refused the request. */
  async #handOn(answer: OwnedResponse): Promise<void> {
    await undefined;
    if (this.#failed) return;
    this.#answer = answer;
    this.#resolve(answer);
    if (this.#isWhole) answer.finish();
  }

  #cancel(reason: TransportError): void {
    this.fail(reason);
    this.#stream.reset(ErrorCode.CANCEL);
  }

  #onClosed(end: { readonly isWhole: boolean; readonly code: number }): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#isWhole = end.isWhole;
    if (!end.isWhole) this.fail(this.#verdict(end.code));
    else if (!this.#failed) this.#answer?.finish();
    this.#owner.onClosed();
  }

  #verdict(code: number): TransportError {
    const death = this.#owner.death();
    if (death !== undefined) return death;
    const kind: TransportErrorKind = code === ErrorCode.REFUSED_STREAM && this.#answer === undefined
      ? "refused"
      : code === ErrorCode.NO_ERROR
      ? "connection"
      : "reset";
    return new TransportError(kind, `The server ended the stream early, code ${code}`);
  }
}

/** The body as a response reads it: while it is paused, the server hears of no room. */
class StreamSource implements ByteSource {
  readonly #acknowledge: (bytes: number) => void;
  #listener: (piece: Uint8Array) => void = () => {};
  #isPaused = false;
  #waiting = 0;

  constructor(acknowledge: (bytes: number) => void) {
    this.#acknowledge = acknowledge;
  }

  on(_event: "data", listener: (piece: Uint8Array) => void): void {
    this.#listener = listener;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#acknowledge(this.#waiting);
    this.#waiting = 0;
  }

  receive(piece: Uint8Array): void {
    this.#listener(piece);
    if (this.#isPaused) this.#waiting += piece.length;
    else this.#acknowledge(piece.length);
  }
}

function* headerLines(
  { method, path, authority, headers }: StreamRequest,
): Generator<HeaderLine, void, void> {
  yield [":method", method];
  yield [":scheme", "https"];
  yield [":authority", authority];
  yield [":path", path];
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    for (const line of typeof value === "string" ? [value] : value) yield [name, line];
  }
}

/** Lines of the same name are joined, as RFC 9110 5.3 allows. */
function headerValues(lines: readonly HeaderLine[]): HeaderValues {
  const values: Record<string, string> = {};
  for (const [name, value] of lines) {
    values[name] = Object.hasOwn(values, name) ? `${values[name]}, ${value}` : value;
  }
  return values;
}

function afterHeaders(error: TransportError): TransportError {
  if (error.headersSeen) return error;
  return new TransportError(error.kind, error.message, { cause: error.cause, headersSeen: true });
}
