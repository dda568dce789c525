/** Lines from chunks, however the chunks are cut. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { DecodeError, TransportError } from "../errors.ts";
import { readLines } from "./read_lines.ts";

/** Chunks as they may come: one at a step, or several. */
async function* chunksOf(
  chunks: readonly Uint8Array[],
  atOnce = 1,
): AsyncGenerator<readonly Uint8Array[]> {
  for (let at = 0; at < chunks.length; at += atOnce) yield chunks.slice(at, at + atOnce);
}

async function collect(
  chunks: readonly Uint8Array[],
  maxLineBytes: number,
  { atOnce, ...options }: { readonly keepTail?: boolean; readonly atOnce?: number } = {},
): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of readLines(chunksOf(chunks, atOnce), maxLineBytes, options)) {
    assert.ok(batch.length > 0 && batch.length <= 32, `${batch.length} lines at once`);
    lines.push(...batch);
  }
  return lines;
}

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("readLines() gives the same lines however the bytes are cut", async () => {
  const line = fc.string({ unit: "grapheme" }).filter((text) => !/[\r\n\ufeff]/.test(text));
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 80, size: "large" }),
      fc.constantFrom("\n", "\r\n"),
      fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }),
      fc.integer({ min: 1, max: 5 }),
      async (lines, end, sizes, atOnce) => {
        const bytes = encode(lines.map((line) => line + end).join(""));
        const chunks: Uint8Array[] = [];
        let at = 0;
        while (at < bytes.length) {
          const size = sizes[chunks.length % sizes.length] ?? 1;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        assert.deepEqual(await collect(chunks, 1000, { atOnce }), lines);
      },
    ),
  );
});

Deno.test("readLines() refuses a tail, after the lines before it", async () => {
  const seen: string[] = [];
  await assert.rejects(async () => {
    for await (const batch of readLines(chunksOf([encode('a\n{"x"')]), 100)) seen.push(...batch);
  }, TransportError);
  assert.deepEqual(seen, ["a"]);
});

Deno.test("readLines() keeps a tail when asked to", async () => {
  const keepTail = { keepTail: true };
  assert.deepEqual(await collect([encode("a\nb"), encode("c")], 100, keepTail), ["a", "bc"]);
});

Deno.test("readLines() refuses a line over the limit before its end has come", async () => {
  await assert.rejects(collect([encode("12345"), encode("67890")], 9), DecodeError);
  assert.deepEqual(await collect([encode("12345"), encode("6789\n")], 9), ["123456789"]);
  assert.deepEqual(await collect([encode("1\n2345"), encode("6789\n1\n")], 9), [
    "1",
    "23456789",
    "1",
  ]);
  // Characters of several bytes count as these.
  await assert.rejects(collect([encode("ääää"), encode("ä\n")], 9), DecodeError);
});
