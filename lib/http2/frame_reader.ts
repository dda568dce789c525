/**
 * Cuts what is received into frames. The content of DATA is handed on in the pieces in which it comes, so that
 * large frames need no memory; everything else is small and is handed on whole.
 */

import { Flag, FRAME_HEADER_BYTES, type FrameHead, FrameType } from "./frames.ts";
import { ErrorCode, Http2Error } from "./http2_error.ts";

/** Told of what was received, in order; what it throws ends the connection. */
export interface FrameHandler {
  /** DATA begins; `length` counts against the windows and includes padding. */
  onDataFrame(head: FrameHead, length: number): void;
  /** Part of its content, valid during the call. */
  onData(streamId: number, piece: Uint8Array): void;
  /** Its end; so many of its bytes were padding. */
  onDataEnd(head: FrameHead, padding: number): void;
  /** Any other frame; `content` is the handler's, padding and priority are removed. */
  onFrame(head: FrameHead, content: Uint8Array): void;
}

/** Largest contents. */
export interface FrameLimits {
  /** Of DATA. */
  readonly maxDataBytes: number;
  /** Of every other frame. */
  readonly maxOtherBytes: number;
}

/** The reader of one connection. */
export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #limits: FrameLimits;
  readonly #headBytes = new Uint8Array(FRAME_HEADER_BYTES);
  #headFill = 0;
  #head: FrameHead | undefined;
  /** Of the content, still to come. */
  #missing = 0;
  /** Of the present frame, with the byte that says how much it is. */
  #padding = 0;
  #paddingIsKnown = true;
  #content = new Uint8Array(0);

  constructor(handler: FrameHandler, limits: FrameLimits) {
    this.#handler = handler;
    this.#limits = limits;
  }

  /** Takes the next bytes. @throws {Http2Error} */
  push(bytes: Uint8Array): void {
    let rest = bytes;
    while (true) {
      if (this.#head === undefined) {
        rest = this.#readHead(rest);
        if (this.#head === undefined) return;
      }
      const head: FrameHead = this.#head;
      const piece = rest.subarray(0, this.#missing);
      rest = rest.subarray(piece.length);
      this.#missing -= piece.length;
      if (head.type === FrameType.DATA) this.#handOn(head, piece);
      else this.#content.set(piece, this.#content.length - this.#missing - piece.length);
      if (this.#missing > 0) return;
      this.#head = undefined;
      if (head.type === FrameType.DATA) this.#handler.onDataEnd(head, this.#padding);
      else this.#handler.onFrame(head, unpadded(head, this.#content));
    }
  }

  #readHead(bytes: Uint8Array): Uint8Array {
    const part = bytes.subarray(0, FRAME_HEADER_BYTES - this.#headFill);
    this.#headBytes.set(part, this.#headFill);
    this.#headFill += part.length;
    if (this.#headFill < FRAME_HEADER_BYTES) return bytes.subarray(part.length);
    this.#headFill = 0;
    const [high = 0, middle = 0, low = 0, type = 0, flags = 0] = this.#headBytes;
    const streamId = new DataView(this.#headBytes.buffer).getUint32(5) & 0x7fff_ffff;
    const length = (high << 16) | (middle << 8) | low;
    const { maxDataBytes, maxOtherBytes } = this.#limits;
    if (length > (type === FrameType.DATA ? maxDataBytes : maxOtherBytes)) {
      throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, `a frame has ${length} bytes`);
    }
    this.#head = { type, flags, streamId };
    this.#missing = length;
    if (type === FrameType.DATA) {
      this.#padding = 0;
      this.#paddingIsKnown = (flags & Flag.PADDED) === 0;
      if (!this.#paddingIsKnown && length === 0) throw tooMuchPadding();
      this.#handler.onDataFrame(this.#head, length);
    } else this.#content = new Uint8Array(length);
    return bytes.subarray(part.length);
  }

  #handOn({ streamId }: FrameHead, piece: Uint8Array): void {
    let content = piece;
    if (!this.#paddingIsKnown && piece.length > 0) {
      const behind = piece[0] ?? 0;
      content = piece.subarray(1);
      if (behind > content.length + this.#missing) throw tooMuchPadding();
      this.#padding = 1 + behind;
      this.#paddingIsKnown = true;
    }
    // Of this piece; all padding but its length is the end of the frame.
    const padding = Math.min(content.length, Math.max(0, this.#padding - 1 - this.#missing));
    content = content.subarray(0, content.length - padding);
    if (content.length > 0) this.#handler.onData(streamId, content);
  }
}

/** Content of a frame that may be padded or say a priority. */
function unpadded({ type, flags }: FrameHead, content: Uint8Array): Uint8Array {
  if (type !== FrameType.HEADERS) return content;
  let start = 0;
  let padding = 0;
  if ((flags & Flag.PADDED) !== 0) {
    padding = content[0] ?? 0;
    start = 1;
  }
  if ((flags & Flag.PRIORITY) !== 0) start += 5;
  if (start + padding > content.length) throw tooMuchPadding();
  return content.subarray(start, content.length - padding);
}

function tooMuchPadding(): Http2Error {
  return new Http2Error(ErrorCode.PROTOCOL_ERROR, "a frame has more padding than bytes");
}
