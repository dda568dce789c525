/** Splits a byte stream into lines, decoding each byte once, whatever piece of a line or character it comes in. */

import { DecodeError, TransportError } from "../errors.ts";

/** Some complete lines. */
export type LineBatch = readonly string[];

const NEWLINE = 10;
// The runtime's own: pieces are Buffers, whose search is written in JavaScript on Deno.
const { lastIndexOf } = Uint8Array.prototype;
// Few, so that their reader is done with them while they are young to the collector; but a step of a reader for
// each line would cost as much as the line.
const BATCH = 32;

/**
 * Yields lines as soon as they are complete, without `\n` or `\r\n`, those of a flood a few at a time. UTF-8 that is
 * split between pieces is put together.
 *
 * @throws {DecodeError} when a line exceeds `maxLineBytes`
 * @throws {TransportError} `connection` when bytes follow the last newline, unless `keepTail` is set
 */
export async function* readLines(
  body: AsyncIterable<readonly Uint8Array[]>,
  maxLineBytes: number,
  { keepTail = false }: { readonly keepTail?: boolean } = {},
): AsyncGenerator<LineBatch, void, void> {
  const decoder = new TextDecoder();
  // A rope for the runtime: parts are put together once, by whoever reads the line.
  let tail = "";
  let tailBytes = 0;
  // One look at a piece costs less than one at each line, and JSON has none.
  let hasReturns = false;
  for await (const pieces of body) {
    let batch: string[] = [];
    for (const piece of pieces) {
      if (tailBytes + piece.length > maxLineBytes) checkLengths(piece, tailBytes, maxLineBytes);
      const end = lastIndexOf.call(piece, NEWLINE) + 1;
      tailBytes = end === 0 ? tailBytes + piece.length : piece.length - end;
      const text = decoder.decode(piece, { stream: true });
      hasReturns ||= text.includes("\r");
      let start = 0;
      for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", start)) {
        const line = text.slice(start, at);
        const whole = tail === "" ? line : tail + line;
        batch.push(hasReturns ? withoutReturn(whole) : whole);
        tail = "";
        start = at + 1;
        if (batch.length < BATCH) continue;
        yield batch;
        batch = [];
      }
      tail += text.slice(start);
    }
    if (batch.length > 0) yield batch;
  }
  tail += decoder.decode();
  if (tailBytes === 0) return;
  if (keepTail) yield [tail];
  else {
    throw new TransportError(
      "connection",
      `Cannot read a line: the stream ended ${tailBytes} bytes into it`,
      { headersSeen: true },
    );
  }
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

function checkLengths(piece: Uint8Array, tailBytes: number, maxLineBytes: number): void {
  let lineBytes = tailBytes;
  for (let start = 0; start < piece.length;) {
    const end = piece.indexOf(NEWLINE, start);
    lineBytes += (end < 0 ? piece.length : end) - start;
    if (lineBytes > maxLineBytes) {
      throw new DecodeError(`Cannot read a line: it is longer than ${maxLineBytes} bytes`);
    }
    if (end < 0) return;
    lineBytes = 0;
    start = end + 1;
  }
}
