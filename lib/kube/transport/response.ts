/**
 * One response on top of whatever gives its bytes: a stream of our HTTP/2, or one of Node's for HTTP/1.1. The owner of
 * the stream says how it ended; the body ends cleanly only when the owner says so.
 */

import { joinBytes } from "#lib/collections/join_bytes.ts";
import { TransportError } from "../errors.ts";
import type { HeaderValues, TransportResponse } from "./contract.ts";
import { gunzip } from "./gunzip.ts";

/** What a response reads, by the names of Node's streams. */
export interface ByteSource {
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  pause(): unknown;
  resume(): unknown;
}

/** What is known when the headers have come. */
export interface ResponseParts {
  readonly status: number;
  readonly headers: HeaderValues;
  readonly protocol: string;
  readonly source: ByteSource;
  /** Gives the stream up; must be idempotent and lead to `finish`. */
  readonly cancel: () => void;
}

/** A response and its owner's side. */
export interface OwnedResponse extends TransportResponse {
  /** Ends the body, once: cleanly without an error. */
  finish(error?: TransportError): void;
}

// Of a body that is read as it comes. Buffers that live longer than a moment make the collector of garbage go over the
// whole heap: with 1 MiB a flood of events caused six times as many of these rounds.
const HIGH_WATER_BYTES = 256 * 1024;
/** An array costs some hundred bytes, so that smaller pieces share one: a body in single bytes would take gigabytes. */
const TINY_BYTES = 256;
const SHARED_BYTES = 4096;

/** Wraps a stream whose headers have come. */
export function createResponse(parts: ResponseParts): OwnedResponse {
  return new StreamResponse(parts);
}

class StreamResponse implements OwnedResponse {
  readonly status: number;
  readonly headers: HeaderValues;
  readonly protocol: string;
  readonly #parts: ResponseParts;
  readonly #chunks: Uint8Array[] = [];
  /** The last chunk is the filled part of this array, while that is not 0. */
  #shared = new Uint8Array(0);
  #sharedFill = 0;
  #queuedBytes = 0;
  #receivedBytes = 0;
  #paused = false;
  #finished = false;
  #error: TransportError | undefined;
  #taken = false;
  // Set when the body is wanted whole: then nothing is paused and nobody woken before its end.
  #maxWholeBytes: number | undefined;
  #wake: () => void = () => {};

  constructor(parts: ResponseParts) {
    this.status = parts.status;
    this.headers = parts.headers;
    this.protocol = parts.protocol;
    this.#parts = parts;
    // At once, and not when the reader comes: what waits inside the stream is lost when a server that has
    // said goodbye closes the connection right behind its last answer.
    parts.source.on("data", (chunk) => this.#receive(chunk));
    parts.source.resume();
  }

  get body(): AsyncIterable<readonly Uint8Array[]> {
    return { [Symbol.asyncIterator]: () => this.#read() };
  }

  async bytes(maxBytes: number): Promise<Uint8Array> {
    this.#take();
    this.#maxWholeBytes = maxBytes;
    this.#resume();
    while (!this.#finished && this.#receivedBytes <= maxBytes) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    if (this.#receivedBytes > maxBytes) {
      if (!this.#finished) this.cancel();
      throw this.#protocolError(`the body is longer than ${maxBytes} bytes`);
    }
    const error = this.#error ?? this.#lengthError();
    if (error !== undefined) throw error;
    const chunks = this.#takeQueued();
    const whole = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : joinBytes(chunks);
    if (this.headers["content-encoding"] !== "gzip" || whole.length === 0) return whole;
    return await gunzip(whole, maxBytes);
  }

  cancel(): void {
    this.#parts.cancel();
  }

  finish(error?: TransportError): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#error = error;
    if (error?.kind === "aborted" || error?.kind === "timeout") this.#takeQueued();
    this.#wake();
  }

  async *#read(): AsyncGenerator<readonly Uint8Array[], void, void> {
    this.#take();
    try {
      while (true) {
        // All that waits at once, because each step of a reader costs as much as some kilobytes of text; but not
        // joined, because large buffers make the collector of garbage work as if the heap had grown.
        while (this.#queuedBytes > 0) yield this.#takeQueued();
        if (this.#finished) break;
        this.#resume();
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
      const error = this.#error ?? this.#lengthError();
      if (error !== undefined) throw error;
    } finally {
      if (!this.#finished) this.cancel();
    }
  }

  #take(): void {
    if (this.#taken) throw new TypeError("Cannot read the response body: it was read already");
    this.#taken = true;
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#parts.source.resume();
  }

  #takeQueued(): readonly Uint8Array[] {
    this.#queuedBytes = 0;
    this.#sharedFill = 0;
    return this.#chunks.splice(0);
  }

  #receive(chunk: Uint8Array): void {
    this.#receivedBytes += chunk.length;
    // After `finish` nobody reads any more, except what was queued before.
    if (this.#finished) return;
    this.#queue(chunk);
    this.#queuedBytes += chunk.length;
    if (this.#maxWholeBytes !== undefined) {
      if (this.#receivedBytes > this.#maxWholeBytes) this.#wake();
      return;
    }
    if (this.#queuedBytes > HIGH_WATER_BYTES && !this.#paused) {
      this.#paused = true;
      this.#parts.source.pause();
    }
    this.#wake();
  }

  #queue(chunk: Uint8Array): void {
    const last = this.#chunks.at(-1);
    const isTiny = last !== undefined && chunk.length <= TINY_BYTES;
    if (isTiny && this.#sharedFill === 0 && last.length <= TINY_BYTES) {
      this.#shared = new Uint8Array(SHARED_BYTES);
      this.#shared.set(last);
      this.#sharedFill = last.length;
    }
    const fill = this.#sharedFill + chunk.length;
    if (!isTiny || this.#sharedFill === 0 || fill > SHARED_BYTES) {
      this.#sharedFill = 0;
      this.#chunks.push(chunk);
      return;
    }
    this.#shared.set(chunk, this.#sharedFill);
    this.#sharedFill = fill;
    this.#chunks[this.#chunks.length - 1] = this.#shared.subarray(0, fill);
  }

  #lengthError(): TransportError | undefined {
    const declared = this.headers["content-length"];
    if (typeof declared !== "string") return undefined;
    if (Number(declared) === this.#receivedBytes) return undefined;
    return this.#protocolError(
      `${declared} bytes were announced and ${this.#receivedBytes} came`,
    );
  }

  #protocolError(state: string): TransportError {
    return new TransportError("protocol", `Cannot read the response body: ${state}`, {
      headersSeen: true,
    });
  }
}
