/** Splits a byte stream into lines without ever joining the unfinished tail again for each chunk. */

import { DecodeError, TransportError } from "../errors.ts";

/** A batch of complete lines, as one chunk completed them. */
export type LineBatch = readonly string[];

const NEWLINE = 10;

/**
 * Yields the lines that each chunk completes, without `\n` or `\r\n`. UTF-8 that is split between chunks is put
 * together; the tail is kept as parts.
 *
 * @throws {DecodeError} when a line exceeds `maxLineBytes`
 * @throws {TransportError} `connection` when bytes follow the last newline, unless `keepTail` is set
 */
export async function* readLines(
  body: AsyncIterable<Uint8Array>,
  maxLineBytes: number,
  { keepTail = false }: { readonly keepTail?: boolean } = {},
): AsyncGenerator<LineBatch, void, void> {
  const decoder = new TextDecoder();
  let tail: Uint8Array[] = [];
  let tailBytes = 0;
  for await (const chunk of body) {
    const lines: string[] = [];
    let start = 0;
    const first = tailBytes === 0 ? -1 : chunk.indexOf(NEWLINE);
    if (first >= 0) {
      checkLength(tailBytes + first, maxLineBytes);
      lines.push(withoutReturn(decodeParts(decoder, tail, chunk.subarray(0, first))));
      tail = [];
      tailBytes = 0;
      start = first + 1;
    }
    // All whole lines at once, which costs half of decoding each, and as a stream, which the runtime does
    // faster: a newline leaves no character unfinished.
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > start) {
      const whole = chunk.subarray(start, end);
      if (whole.length > maxLineBytes) checkEachLength(whole, maxLineBytes);
      const texts = decoder.decode(whole, { stream: true }).split("\n");
      texts.pop();
      for (const text of texts) lines.push(withoutReturn(text));
      start = end;
    }
    if (start < chunk.length) {
      tail.push(chunk.subarray(start));
      tailBytes += chunk.length - start;
      checkLength(tailBytes, maxLineBytes);
    }
    if (lines.length > 0) yield lines;
  }
  if (tailBytes === 0) return;
  if (keepTail) yield [decodeParts(decoder, tail, new Uint8Array(0))];
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

function decodeParts(
  decoder: TextDecoder,
  parts: readonly Uint8Array[],
  last: Uint8Array,
): string {
  let text = "";
  for (const part of parts) text += decoder.decode(part, { stream: true });
  return text + decoder.decode(last);
}

function checkLength(bytes: number, maxLineBytes: number): void {
  if (bytes > maxLineBytes) {
    throw new DecodeError(`Cannot read a line: it is longer than ${maxLineBytes} bytes`);
  }
}

function checkEachLength(lines: Uint8Array, maxLineBytes: number): void {
  for (let start = 0; start < lines.length;) {
    const end = lines.indexOf(NEWLINE, start);
    checkLength(end - start, maxLineBytes);
    start = end + 1;
  }
}
