/** Puts blocks of headers together, which may come in several frames, and decodes them. */

import { joinBytes } from "#lib/collections/join_bytes.ts";
import { FRAME_HEADER_BYTES } from "./frames.ts";
import { HeaderDecoder } from "./header_decoder.ts";
import { ErrorCode, Http2Error } from "./http2_error.ts";
import type { HeaderLine } from "./static_table.ts";

/** The blocks of one connection. */
export class HeaderBlocks {
  readonly #decoder: HeaderDecoder;
  readonly #maxBytes: number;
  #streamId: number | undefined;
  #isLast = false;
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  /** @param maxBytes of a block, and of what it stands for */
  constructor({ maxBytes }: { readonly maxBytes: number }) {
    this.#maxBytes = maxBytes;
    this.#decoder = new HeaderDecoder({ maxListBytes: maxBytes });
  }

  /** Whether a block has begun and not ended. */
  get isOpen(): boolean {
    return this.#streamId !== undefined;
  }

  /** A block begins; `isLast` when nothing comes behind it on its stream. */
  begin({ streamId, isLast }: { readonly streamId: number; readonly isLast: boolean }): void {
    this.#streamId = streamId;
    this.#isLast = isLast;
    this.#bytes = 0;
  }

  /** Adds the content of a frame; gives the headers with the last one. @throws {Http2Error} */
  add(
    streamId: number,
    content: Uint8Array,
    { isWhole }: { readonly isWhole: boolean },
  ): { readonly isLast: boolean; readonly lines: readonly HeaderLine[] | undefined } {
    if (streamId !== this.#streamId) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "a block of headers is interrupted");
    }
    // Frames without content cost as well.
    this.#bytes += FRAME_HEADER_BYTES + content.length;
    if (this.#bytes > this.#maxBytes) {
      throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "a block of headers is too long");
    }
    if (!isWhole) {
      this.#pieces.push(content);
      return { isLast: this.#isLast, lines: undefined };
    }
    const block = this.#pieces.length === 0 ? content : joinBytes([...this.#pieces, content]);
    this.#pieces = [];
    this.#streamId = undefined;
    return { isLast: this.#isLast, lines: this.#decoder.decode(block) };
  }
}
