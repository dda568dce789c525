/** One request on a connection: its windows, and what has come and gone in both directions. */

import {
  DEFAULT_FRAME_BYTES,
  Flag,
  FrameType,
  makeFrame,
  MAX_WINDOW_BYTES,
  windowFrame,
} from "./frames.ts";
import { ErrorCode, Http2Error } from "./http2_error.ts";
import type { HeaderLine } from "./static_table.ts";

/** Told of what happens to a request; nothing is called after `onClosed`. */
export interface StreamEvents {
  /** The answer begins. */
  onHeaders(status: number, lines: readonly HeaderLine[]): void;
  /** Part of its body; the bytes are the receiver's. */
  onData(piece: Uint8Array): void;
  /** The end: `isWhole` when the answer has come to its end, `code` of the reset otherwise. */
  onClosed(end: { readonly isWhole: boolean; readonly code: number }): void;
}

/** The part of a connection that a stream uses. */
export interface StreamConnection {
  send(frame: Uint8Array): void;
  /** Takes up to so many bytes of the connection's window for sending. */
  takeWindow(bytes: number): number;
}

/** An open stream; made by the connection. */
export class Stream {
  readonly id: number;
  readonly events: StreamEvents;
  readonly #connection: StreamConnection;
  readonly #windowBytes: number;
  /** What the peer may still send. */
  #allowed: number;
  /** What was read since it was last told so. */
  #read = 0;
  /** What we may still send. */
  #sendWindow: number;
  #upload: Uint8Array;
  #hasAnswer = false;

  constructor(
    connection: StreamConnection,
    { id, events, windowBytes, sendWindow, upload = new Uint8Array(0) }: {
      readonly id: number;
      readonly events: StreamEvents;
      /** Offered to the peer for this stream. */
      readonly windowBytes: number;
      /** Offered by the peer. */
      readonly sendWindow: number;
      readonly upload?: Uint8Array | undefined;
    },
  ) {
    this.#connection = connection;
    this.id = id;
    this.events = events;
    this.#windowBytes = windowBytes;
    this.#allowed = windowBytes;
    this.#sendWindow = sendWindow;
    this.#upload = upload;
  }

  /** Whether the body of the request has not been sent whole. */
  get isUploading(): boolean {
    return this.#upload.length > 0;
  }

  /** Whether the answer has begun. */
  get hasAnswer(): boolean {
    return this.#hasAnswer;
  }

  /** Headers of an interim answer, the answer or its trailers. @throws {Http2Error} for what is none */
  receiveHeaders(lines: readonly HeaderLine[], { isLast }: { readonly isLast: boolean }): void {
    if (this.#hasAnswer) {
      if (!isLast) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "a second answer came");
      return;
    }
    const [[name, value] = ["", ""], ...others] = lines;
    const status = /^[1-9]\d\d$/.test(value) ? Number(value) : 0;
    const isInterim = status < 200;
    if (name !== ":status" || status === 0 || (isInterim && isLast)) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "an answer has no status");
    }
    if (isInterim) return;
    this.#hasAnswer = true;
    this.events.onHeaders(status, others);
  }

  /** Counts a frame of the answer's body. @throws {Http2Error} when it is more than was allowed */
  countReceived(bytes: number): void {
    if (!this.#hasAnswer) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "a body has no answer");
    this.#allowed -= bytes;
    if (this.#allowed < 0) {
      throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "more was sent than the window allows");
    }
  }

  /** So many bytes of the body need no room any more. */
  acknowledge(bytes: number): void {
    this.#read += bytes;
    if (this.#read < this.#windowBytes / 2) return;
    this.#connection.send(windowFrame(this.id, this.#read));
    this.#allowed += this.#read;
    this.#read = 0;
  }

  /** The peer takes more, or less after a change of its settings. @throws {Http2Error} above the largest window */
  widen(bytes: number): void {
    this.#sendWindow += bytes;
    if (this.#sendWindow > MAX_WINDOW_BYTES) {
      throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "a window is too large");
    }
    this.upload();
  }

  /** Sends as much of the request's body as the windows allow. */
  upload(): void {
    while (this.#upload.length > 0) {
      const wanted = Math.min(this.#upload.length, this.#sendWindow, DEFAULT_FRAME_BYTES);
      const length = wanted <= 0 ? 0 : this.#connection.takeWindow(wanted);
      if (length === 0) return;
      const piece = this.#upload.subarray(0, length);
      this.#upload = this.#upload.subarray(length);
      this.#sendWindow -= length;
      const flags = this.#upload.length === 0 ? Flag.END_STREAM : 0;
      this.#connection.send(
        makeFrame({ type: FrameType.DATA, flags, streamId: this.id }, piece),
      );
    }
  }
}
