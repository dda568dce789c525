/** The other end of an HTTP/2 connection, by hand: frames to send and frames that came, over no network. */

import type { ByteConnection } from "#lib/http2/byte_connection.ts";
import { type FrameHead, makeFrame } from "#lib/http2/frames.ts";
import { HeaderEncoder } from "#lib/http2/header_encoder.ts";
import type { HeaderLine } from "#lib/http2/static_table.ts";
import { joinBytes } from "#lib/collections/join_bytes.ts";

/** A frame as the client has sent it. */
export interface SentFrame extends FrameHead {
  readonly content: Uint8Array;
}

const PREFACE_BYTES = 24;
const HEAD_BYTES = 9;

/** A server that does what the test says. */
export class Http2Peer {
  /** The client's side. */
  readonly connection: ByteConnection;
  /** Whether the client keeps the process alive. */
  isRef = true;
  /** Whether the client has closed the connection. */
  isClosed = false;
  /** While set, what the client writes is not taken. */
  isStalled = false;
  /** While set, what the client writes fails. */
  isBroken = false;
  readonly #encoder = new HeaderEncoder();
  #written: Uint8Array = new Uint8Array(0);
  #inbox: (Uint8Array | undefined)[] = [];
  #wake: () => void = () => {};

  constructor() {
    this.connection = {
      read: async () => {
        while (this.#inbox.length === 0) {
          if (this.isClosed) throw new Error("it was closed");
          await new Promise<void>((resolve) => this.#wake = resolve);
        }
        return this.#inbox.shift();
      },
      write: (bytes) => {
        if (this.isClosed) return Promise.reject(new Error("it was closed"));
        if (this.isBroken) return Promise.reject(new Error("broken pipe"));
        if (this.isStalled) return new Promise(() => {});
        this.#written = joinBytes([this.#written, bytes]);
        return Promise.resolve();
      },
      close: () => {
        this.isClosed = true;
        this.#wake();
      },
      ref: () => void (this.isRef = true),
      unref: () => void (this.isRef = false),
    };
  }

  /** The first bytes of the client. */
  get preface(): string {
    return new TextDecoder().decode(this.#written.subarray(0, PREFACE_BYTES));
  }

  /** What the client has sent behind them. */
  get frames(): readonly SentFrame[] {
    const frames: SentFrame[] = [];
    let rest = this.#written.subarray(PREFACE_BYTES);
    while (rest.length >= HEAD_BYTES) {
      const [high = 0, middle = 0, low = 0, type = 0, flags = 0] = rest;
      const end = HEAD_BYTES + ((high << 16) | (middle << 8) | low);
      const streamId = new DataView(rest.buffer, rest.byteOffset).getUint32(5);
      frames.push({ type, flags, streamId, content: rest.slice(HEAD_BYTES, end) });
      rest = rest.subarray(end);
    }
    return frames;
  }

  /** Frames of one type. */
  framesOf(type: number): readonly SentFrame[] {
    return this.frames.filter((frame) => frame.type === type);
  }

  /** Sends bytes, and lets the client read them and answer. */
  async send(...pieces: readonly Uint8Array[]): Promise<void> {
    this.#inbox.push(...pieces);
    this.#wake();
    while (this.#inbox.length > 0 && !this.isClosed) await undefined;
    await settled();
  }

  /** Ends the connection. */
  async end(): Promise<void> {
    this.#inbox.push(undefined);
    this.#wake();
    await settled();
  }

  /** A frame of headers. */
  headers(streamId: number, lines: readonly HeaderLine[], flags: number): Uint8Array {
    return makeFrame({ type: 1, flags, streamId }, this.#encoder.encode(lines));
  }

  /** A frame of a body. */
  data(streamId: number, text: string | Uint8Array, flags = 0): Uint8Array {
    const content = typeof text === "string" ? new TextEncoder().encode(text) : text;
    return makeFrame({ type: 0, flags, streamId }, content);
  }
}

/** Waits until everything that was begun and needs no time is done. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await undefined;
}
