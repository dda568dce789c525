/** Texts of headers as their peers shorten them: the code of RFC 7541, appendix B. */

import { ErrorCode, Http2Error } from "./http2_error.ts";

// The code is canonical, so the length of each symbol's code says all of it: A is 5 bits, B is 6, and so on.
const LENGTHS =
  "ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCDKBHFIBCCCCCCCCCCCCCCCCC" +
  "CCCCCDCDIOIJBKABABABBBACCBBBABCBAABCCCCCKGJIXPRPPRRRSRSSSSSTSTTRSTSSSSQRSRSSTRQPRRSSQSRRTQRS" +
  "SQQRQSRSSPRRRSRRSVVPORSRUVVVWWVTUOQVWWVWTQQVVXWWWPTPQRQQSRRUUTTVSVWVVWWWWWXWWWWWV";
const SHORTEST_BITS = 5;
const LONGEST_BITS = 30;

/** Symbols with codes of one length have consecutive codes. */
interface Row {
  readonly firstCode: number;
  readonly symbols: readonly number[];
}

/** Reads texts that are coded so. */
export class HuffmanDecoder {
  /** By length in bits; empty below the shortest. */
  readonly #rows: readonly Row[] = makeRows();

  /** The text. @throws {Http2Error} for what is no such code */
  decode(bytes: Uint8Array): string {
    let text = "";
    let code = 0;
    let length = 0;
    for (const byte of bytes) {
      for (let bit = 7; bit >= 0; bit--) {
        code = (code << 1) | ((byte >> bit) & 1);
        length += 1;
        const row = this.#rows[length];
        if (row === undefined) throw invalid();
        const symbol = row.symbols[code - row.firstCode];
        if (symbol === undefined) continue;
        text += String.fromCharCode(symbol);
        code = 0;
        length = 0;
      }
    }
    // The last byte is filled with the first bits of the longest code, which are all ones.
    if (length > 7 || code !== (1 << length) - 1) throw invalid();
    return text;
  }
}

function makeRows(): readonly Row[] {
  const rows: Row[] = [];
  let code = 0;
  for (let bits = 0; bits <= LONGEST_BITS; bits++) {
    const symbols: number[] = [];
    for (let symbol = 0; symbol < LENGTHS.length; symbol++) {
      if (LENGTHS.charCodeAt(symbol) - 65 + SHORTEST_BITS === bits) symbols.push(symbol);
    }
    rows.push({ firstCode: code, symbols });
    code = (code + symbols.length) << 1;
  }
  return rows;
}

function invalid(): Http2Error {
  return new Http2Error(ErrorCode.COMPRESSION_ERROR, "a header has an invalid Huffman code");
}
