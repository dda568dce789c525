/**
 * The client's end of an HTTP/2 connection, RFC 9113: streams, windows and the frames between them. It has no clock:
 * pings, limits of time and the choice of a connection are its owner's.
 */

import type { ByteConnection } from "./byte_connection.ts";
import { FrameReader } from "./frame_reader.ts";
import {
  DEFAULT_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  Flag,
  type FrameHead,
  FrameType,
  goawayFrame,
  headerFrames,
  makeFrame,
  MAX_WINDOW_BYTES,
  PREFACE,
  resetFrame,
  Setting,
  settingsFrame,
  windowFrame,
} from "./frames.ts";
import { HeaderBlocks } from "./header_blocks.ts";
import { HeaderEncoder } from "./header_encoder.ts";
import { ErrorCode, Http2Error } from "./http2_error.ts";
import { Output } from "./output.ts";
import type { HeaderLine } from "./static_table.ts";
import { Stream, type StreamEvents } from "./stream.ts";
import { ReceiveWindow, SendWindow, windowTooLarge } from "./windows.ts";

/** Told of what happens to a connection. */
export interface ConnectionEvents {
  /** The peer's first settings have come, or new ones. `undefined` is no limit. */
  onSettings(maxConcurrentStreams: number | undefined): void;
  /** The peer takes no new streams. Those that it will not answer were closed as refused. */
  onGoaway(code: number): void;
  /** The answer to a ping. */
  onPong(): void;
  /** The end, called before that of the streams that are open; without a cause when either side has closed it. */
  onClosed(cause: unknown): void;
}

const STREAM_WINDOW_BYTES = 1024 * 1024;
const CONNECTION_WINDOW_BYTES = 8 * 1024 * 1024;
const MAX_DATA_FRAME_BYTES = 1024 * 1024;
/** Names and values of one answer; also of their encoded form. */
const MAX_HEADER_BYTES = 64 * 1024;
const MAX_STREAM_ID = 2 ** 31 - 1;
const PING_CONTENT = new Uint8Array(8);

/** A request that was sent. */
export interface OpenStream {
  /** So many bytes of the body need no room any more; the peer sends on then. */
  acknowledge(bytes: number): void;
  /** Gives the request up; `onClosed` is called at once with the code. */
  reset(code: number): void;
}

/** An open connection. */
export class Http2Connection {
  readonly #bytes: ByteConnection;
  readonly #events: ConnectionEvents;
  readonly #output: Output;
  readonly #encoder = new HeaderEncoder();
  readonly #headers = new HeaderBlocks({ maxBytes: MAX_HEADER_BYTES });
  readonly #streams = new Map<number, Stream>();
  readonly #reader = new FrameReader({
    onDataFrame: (head, length) => this.#onDataFrame(head, length),
    onData: (id, piece) => this.#streams.get(id)?.events.onData(piece.slice()),
    onDataEnd: ({ streamId, flags }, padding) => {
      if (padding > 0) this.#streams.get(streamId)?.acknowledge(padding);
      if ((flags & Flag.END_STREAM) !== 0) this.#onEndOfAnswer(streamId);
    },
    onFrame: (head, content) => this.#onFrame(head, content),
  }, { maxDataBytes: MAX_DATA_FRAME_BYTES, maxOtherBytes: MAX_HEADER_BYTES });
  #nextId = 1;
  #hasSettings = false;
  #hasGoaway = false;
  /** Why nothing can be sent any more. */
  #brokenBy: unknown;
  #isClosed = false;
  readonly #receiveWindow = new ReceiveWindow(CONNECTION_WINDOW_BYTES);
  readonly #sendWindow = new SendWindow(DEFAULT_WINDOW_BYTES);
  /** What the peer offers for each new stream. */
  #streamSendBytes = DEFAULT_WINDOW_BYTES;

  constructor(bytes: ByteConnection, events: ConnectionEvents) {
    this.#bytes = bytes;
    this.#events = events;
    this.#output = new Output(bytes, (cause) => this.#onBrokenOutput(cause));
  }

  /** Says hello; requests can be sent at once. */
  start(): void {
    this.#output.push(
      new TextEncoder().encode(PREFACE),
      settingsFrame([
        [Setting.ENABLE_PUSH, 0],
        [Setting.INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES],
        [Setting.MAX_FRAME_SIZE, MAX_DATA_FRAME_BYTES],
        [Setting.MAX_HEADER_LIST_SIZE, MAX_HEADER_BYTES],
      ]),
      windowFrame(0, CONNECTION_WINDOW_BYTES - DEFAULT_WINDOW_BYTES),
    );
    void this.#receive();
  }

  /** Sends a request. @throws {Http2Error} `REFUSED_STREAM` when the connection takes no more */
  open(
    lines: Iterable<HeaderLine>,
    { body, events }: { readonly body?: Uint8Array | undefined; readonly events: StreamEvents },
  ): OpenStream {
    const id = this.#nextId;
    const isOver = this.#isClosed || this.#hasGoaway || this.#brokenBy !== undefined;
    if (isOver || id > MAX_STREAM_ID) {
      throw new Http2Error(ErrorCode.REFUSED_STREAM, "the connection takes no more requests");
    }
    this.#nextId += 2;
    const stream = new Stream({
      send: (frame) => this.#output.push(frame),
      sendWindow: this.#sendWindow,
    }, {
      id,
      events,
      receiveBytes: STREAM_WINDOW_BYTES,
      sendBytes: this.#streamSendBytes,
      upload: body,
    });
    const block = this.#encoder.encode(lines);
    const endStream = !stream.isUploading;
    // Known before anything is sent: that may end the connection, and this stream with it.
    this.#streams.set(id, stream);
    this.#output.push(
      ...headerFrames(block, { streamId: id, endStream, maxFrameBytes: DEFAULT_FRAME_BYTES }),
    );
    stream.upload();
    return {
      acknowledge: (bytes) => {
        if (this.#streams.has(id)) stream.acknowledge(bytes);
      },
      reset: (code) => this.#reset(id, code),
    };
  }

  /** Asks the peer for a sign of life; `onPong` tells of it. */
  ping(): void {
    if (this.#isClosed) return;
    this.#output.push(makeFrame({ type: FrameType.PING, flags: 0, streamId: 0 }, PING_CONTENT));
  }

  /** It keeps the process alive, as it does at first. */
  ref(): void {
    if (!this.#isClosed) this.#bytes.ref();
  }

  /** It does not. */
  unref(): void {
    if (!this.#isClosed) this.#bytes.unref();
  }

  /** Ends it with all streams; idempotent. */
  close(): void {
    this.#end(undefined);
  }

  async #receive(): Promise<void> {
    try {
      while (!this.#isClosed) {
        const bytes = await this.#bytes.read();
        if (bytes === undefined) break;
        if (!this.#isClosed) this.#reader.push(bytes);
      }
      this.#end(this.#brokenBy);
    } catch (cause) {
      if (cause instanceof Http2Error) this.#sayGoodbye(cause.code);
      this.#end(cause);
    }
  }

  /** The peer may have closed its end behind an answer or a goodbye, which is still to be read. */
  #onBrokenOutput(cause: unknown): void {
    if (cause instanceof Http2Error) return this.#end(cause);
    this.#brokenBy = cause;
  }

  /** What the peer has done wrong, if it can be told at once: one that does not read must not hold the end up. */
  #sayGoodbye(code: number): void {
    if (this.#isClosed) return;
    this.#bytes.write(goawayFrame(code)).catch(() => {
      // It is gone already.
    });
  }

  #end(cause: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#bytes.close();
    this.#events.onClosed(cause);
    for (const id of [...this.#streams.keys()]) this.#close(id, { code: ErrorCode.CANCEL });
  }

  #onFrame({ type, flags, streamId }: FrameHead, content: Uint8Array): void {
    if (!this.#hasSettings && type !== FrameType.SETTINGS) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "the peer does not speak HTTP/2");
    }
    if (this.#headers.isOpen !== (type === FrameType.CONTINUATION)) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "a block of headers is interrupted");
    }
    switch (type) {
      case FrameType.HEADERS:
        this.#headers.begin({ streamId, isLast: (flags & Flag.END_STREAM) !== 0 });
        return this.#onHeaders({ flags, streamId }, content);
      case FrameType.CONTINUATION:
        return this.#onHeaders({ flags, streamId }, content);
      case FrameType.SETTINGS:
        return (flags & Flag.ACK) !== 0 ? undefined : this.#onSettings(content);
      case FrameType.PING:
        return this.#onPing(flags, content);
      case FrameType.RST_STREAM:
        return this.#close(streamId, { code: number32(content) });
      case FrameType.WINDOW_UPDATE:
        return this.#onWindow(streamId, number32(content) & MAX_WINDOW_BYTES);
      case FrameType.GOAWAY:
        return this.#onGoaway(content);
      case FrameType.PUSH_PROMISE:
        throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "the peer pushes, which was ruled out");
    }
  }

  #onHeaders({ flags, streamId }: Omit<FrameHead, "type">, content: Uint8Array): void {
    const { isLast, lines } = this.#headers.add(streamId, content, {
      isWhole: (flags & Flag.END_HEADERS) !== 0,
    });
    if (lines === undefined) return;
    this.#checkKnown(streamId);
    const stream = this.#streams.get(streamId);
    try {
      stream?.receiveHeaders(lines, { isLast });
    } catch (error) {
      if (!(error instanceof Http2Error)) throw error;
      return this.#reset(streamId, error.code);
    }
    if (isLast) this.#onEndOfAnswer(streamId);
  }

  #onDataFrame({ streamId }: FrameHead, length: number): void {
    if (this.#headers.isOpen || !this.#hasSettings) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "a body came where there is none");
    }
    this.#checkKnown(streamId);
    this.#receiveWindow.receive(length);
    // Given back at once: a stream that nobody reads must not stop the others; its own window stops it.
    const told = this.#receiveWindow.giveBack(length);
    if (told > 0) this.#output.push(windowFrame(0, told));
    this.#streams.get(streamId)?.countReceived(length);
  }

  #onEndOfAnswer(streamId: number): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    // An answer may come before the upload ends; the rest of the upload has no reader any more.
    if (stream.isUploading) this.#output.push(resetFrame(streamId, ErrorCode.NO_ERROR));
    this.#close(streamId, { code: ErrorCode.NO_ERROR, isWhole: stream.hasAnswer });
  }

  #onSettings(content: Uint8Array): void {
    if (content.length % 6 !== 0) {
      throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, "settings have a wrong size");
    }
    const view = new DataView(content.buffer, content.byteOffset, content.length);
    let maxStreams: number | undefined;
    let windowBytes = this.#streamSendBytes;
    for (let at = 0; at < content.length; at += 6) {
      const value = view.getUint32(at + 2);
      if (view.getUint16(at) === Setting.MAX_CONCURRENT_STREAMS) maxStreams = value;
      if (view.getUint16(at) === Setting.INITIAL_WINDOW_SIZE) windowBytes = value;
    }
    // Before anything that they allow: until then the peer goes by the old ones.
    this.#output.push(
      makeFrame({ type: FrameType.SETTINGS, flags: Flag.ACK, streamId: 0 }),
    );
    this.#resizeWindows(windowBytes);
    if (!this.#hasSettings || maxStreams !== undefined) this.#events.onSettings(maxStreams);
    this.#hasSettings = true;
  }

  #resizeWindows(bytes: number): void {
    if (bytes > MAX_WINDOW_BYTES) throw windowTooLarge();
    const more = bytes - this.#streamSendBytes;
    this.#streamSendBytes = bytes;
    for (const stream of this.#streams.values()) stream.widen(more);
  }

  #onPing(flags: number, content: Uint8Array): void {
    if (content.length !== PING_CONTENT.length) {
      throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, "a ping has a wrong size");
    }
    if ((flags & Flag.ACK) !== 0) return this.#events.onPong();
    this.#output.push(makeFrame({ type: FrameType.PING, flags: Flag.ACK, streamId: 0 }, content));
  }

  #onWindow(streamId: number, bytes: number): void {
    if (streamId !== 0) {
      this.#streams.get(streamId)?.widen(bytes);
      return;
    }
    this.#sendWindow.widen(bytes);
    for (const stream of this.#streams.values()) stream.upload();
  }

  #onGoaway(content: Uint8Array): void {
    const lastId = number32(content) & MAX_STREAM_ID;
    const code = number32(content.subarray(4));
    // What is sent from now on would never be answered.
    this.#hasGoaway = true;
    // Before the owner, who may end all streams: these were not processed, whatever the code says.
    for (const id of [...this.#streams.keys()]) {
      if (id > lastId) this.#close(id, { code: ErrorCode.REFUSED_STREAM });
    }
    this.#events.onGoaway(code);
  }

  #reset(id: number, code: number): void {
    if (!this.#streams.has(id) || this.#isClosed) return;
    this.#output.push(resetFrame(id, code));
    this.#close(id, { code });
  }

  #close(id: number, { code, isWhole = false }: { code: number; isWhole?: boolean }): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    this.#streams.delete(id);
    stream.events.onClosed({ isWhole, code });
  }

  /** A stream that was never opened; one that was closed may still be spoken of. */
  #checkKnown(streamId: number): void {
    if (streamId % 2 === 1 && streamId < this.#nextId) return;
    throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `there is no stream ${streamId}`);
  }
}

function number32(content: Uint8Array): number {
  if (content.length < 4) throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, "a frame is too short");
  return new DataView(content.buffer, content.byteOffset, content.length).getUint32(0);
}
