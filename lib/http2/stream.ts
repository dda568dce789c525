/** One request on a connection: its windows, and what has come and gone in both directions. */

import { DEFAULT_FRAME_BYTES, Flag, FrameType, makeFrame, windowFrame } from "./frames.ts";
import { ErrorCode, Http2Error } from "./http2_error.ts";
import type { HeaderLine } from "./static_table.ts";
import { ReceiveWindow, SendWindow } from "./windows.ts";

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
  /** What may be sent on all streams. */
  readonly sendWindow: SendWindow;
}

/** An open stream; made by the connection. */
export class Stream {
  readonly id: number;
  readonly events: StreamEvents;
  readonly #connection: StreamConnection;
  readonly #receiveWindow: ReceiveWindow;
  readonly #sendWindow: SendWindow;
  #upload: Uint8Array;
  #hasAnswer = false;

  constructor(
    connection: StreamConnection,
    { id, events, receiveBytes, sendBytes, upload = new Uint8Array(0) }: {
      readonly id: number;
      readonly events: StreamEvents;
      /** Offered to the peer for this stream. */
      readonly receiveBytes: number;
      /** Offered by the peer. */
      readonly sendBytes: number;
      readonly upload?: Uint8Array | undefined;
    },
  ) {
    this.#connection = connection;
    this.id = id;
    this.events = events;
    this.#receiveWindow = new ReceiveWindow(receiveBytes);
    this.#sendWindow = new SendWindow(sendBytes);
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
    this.#receiveWindow.receive(bytes);
  }

  /** So many bytes of the body need no room any more. */
  acknowledge(bytes: number): void {
    const told = this.#receiveWindow.giveBack(bytes);
    if (told > 0) this.#connection.send(windowFrame(this.id, told));
  }

  /** The peer takes more, or less after a change of its settings. @throws {Http2Error} above the largest window */
  widen(bytes: number): void {
    this.#sendWindow.widen(bytes);
    this.upload();
  }

  /** Sends as much of the request's body as the windows allow. */
  upload(): void {
    const windows = [this.#sendWindow, this.#connection.sendWindow];
    while (this.#upload.length > 0) {
      const allowed = Math.min(DEFAULT_FRAME_BYTES, ...windows.map(({ bytes }) => bytes));
      if (allowed <= 0) return;
      const piece = this.#upload.subarray(0, allowed);
      this.#upload = this.#upload.subarray(piece.length);
      for (const window of windows) window.use(piece.length);
      const flags = this.#upload.length === 0 ? Flag.END_STREAM : 0;
      this.#connection.send(
        makeFrame({ type: FrameType.DATA, flags, streamId: this.id }, piece),
      );
    }
  }
}
