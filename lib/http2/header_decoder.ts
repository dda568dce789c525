/** Headers as they are received: HPACK, RFC 7541. One decoder for a connection, for both ends keep a common table. */

import { ErrorCode, Http2Error } from "./http2_error.ts";
import { HuffmanDecoder } from "./huffman.ts";
import { type HeaderLine, staticTable } from "./static_table.ts";

const MAX_TABLE_BYTES = 4096;
/** What an entry costs beside its texts, RFC 7541 4.1. */
const ENTRY_BYTES = 32;

/** Limits. */
export interface HeaderDecoderOptions {
  /** Texts of one answer and 32 bytes for each header. */
  readonly maxListBytes: number;
}

/** Reads blocks of headers, in the order in which they came. */
export class HeaderDecoder {
  readonly #maxListBytes: number;
  readonly #static = staticTable();
  /** The newest entry is the last. */
  readonly #dynamic: HeaderLine[] = [];
  #dynamicBytes = 0;
  #maxDynamicBytes = MAX_TABLE_BYTES;
  #huffman: HuffmanDecoder | undefined;
  #block: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor({ maxListBytes }: HeaderDecoderOptions) {
    this.#maxListBytes = maxListBytes;
  }

  /** The headers of one block. @throws {Http2Error} after which the connection cannot be used */
  decode(block: Uint8Array): readonly HeaderLine[] {
    this.#block = block;
    this.#at = 0;
    const lines: HeaderLine[] = [];
    let bytes = 0;
    while (this.#at < block.length) {
      const line = this.#next();
      if (line === undefined) {
        if (lines.length > 0) throw invalid("the size of the table changes within the headers");
        continue;
      }
      bytes += sizeOf(line);
      // A byte may stand for kilobytes of the table, so that the size of the block is no limit.
      if (bytes > this.#maxListBytes) {
        throw new Http2Error(
          ErrorCode.ENHANCE_YOUR_CALM,
          `headers are longer than ${this.#maxListBytes} bytes`,
        );
      }
      lines.push(line);
    }
    return lines;
  }

  /** One header; nothing for a change of the table's size. */
  #next(): HeaderLine | undefined {
    const first = this.#block[this.#at] ?? 0;
    if ((first & 0x80) !== 0) return this.#entry(this.#integer(7));
    if ((first & 0xe0) === 0x20) {
      this.#resize(this.#integer(5));
      return undefined;
    }
    const isKept = (first & 0x40) !== 0;
    const index = this.#integer(isKept ? 6 : 4);
    const name = index === 0 ? this.#text() : this.#entry(index)[0];
    const line: HeaderLine = [name, this.#text()];
    if (isKept) this.#keep(line);
    return line;
  }

  #entry(index: number): HeaderLine {
    const own = index - this.#static.length;
    const line = own > 0 ? this.#dynamic[this.#dynamic.length - own] : this.#static[index - 1];
    if (line === undefined) throw invalid(`there is no entry ${index}`);
    return line;
  }

  #keep(line: HeaderLine): void {
    this.#dynamic.push(line);
    this.#dynamicBytes += sizeOf(line);
    this.#evict();
  }

  #resize(bytes: number): void {
    if (bytes > MAX_TABLE_BYTES) throw invalid(`a table of ${bytes} bytes was not offered`);
    this.#maxDynamicBytes = bytes;
    this.#evict();
  }

  #evict(): void {
    while (this.#dynamicBytes > this.#maxDynamicBytes) {
      const oldest = this.#dynamic.shift();
      if (oldest === undefined) return;
      this.#dynamicBytes -= sizeOf(oldest);
    }
  }

  /** RFC 7541 5.1, with a prefix of some bits of the first byte. */
  #integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = this.#byte() & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value;
    }
    throw invalid("a number is too large");
  }

  #text(): string {
    const isHuffman = ((this.#block[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#integer(7);
    const bytes = this.#block.subarray(this.#at, this.#at + length);
    if (bytes.length < length) throw invalid("it ends within a text");
    this.#at += length;
    if (isHuffman) return (this.#huffman ??= new HuffmanDecoder()).decode(bytes);
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return text;
  }

  #byte(): number {
    const byte = this.#block[this.#at];
    if (byte === undefined) throw invalid("it ends within a number");
    this.#at += 1;
    return byte;
  }
}

function sizeOf([name, value]: HeaderLine): number {
  return name.length + value.length + ENTRY_BYTES;
}

function invalid(state: string): Http2Error {
  return new Http2Error(ErrorCode.COMPRESSION_ERROR, `a block of headers is invalid: ${state}`);
}
