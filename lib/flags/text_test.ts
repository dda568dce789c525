/** Text as Go treats it. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { compareBytes, goQuote, trimSpace } from "./text.ts";

Deno.test("trimSpace() removes Unicode white space and nothing else", () => {
  const spaces = "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000";
  assert.equal(trimSpace(`${spaces}a${spaces}b${spaces}`), `a${spaces}b`);
  assert.equal(trimSpace("\ufeffa\u200b"), "\ufeffa\u200b");
  assert.equal(trimSpace(spaces), "");
});

Deno.test("compareBytes() orders as the UTF-8 bytes do", () => {
  const bytes = (text: string) => [...new TextEncoder().encode(text)];
  // Lone surrogates have no UTF-8 form.
  const text = fc.string({ unit: "binary", maxLength: 8 });
  fc.assert(fc.property(text, text, fc.string({ maxLength: 3 }), (a, b, prefix) => {
    const [left, right] = [bytes(prefix + a), bytes(prefix + b)];
    const at = left.findIndex((byte, index) => byte !== right[index]);
    const expected = at < 0 ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? -1);
    assert.equal(Math.sign(compareBytes(prefix + a, prefix + b)), Math.sign(expected));
  }));
  assert.ok(compareBytes("\uffff", "\u{1f600}") < 0);
});

Deno.test("goQuote() escapes what Go's verb %q escapes", () => {
  assert.equal(goQuote('a"\\\n\t\r\x07\b\f\v'), '"a\\"\\\\\\n\\t\\r\\a\\b\\f\\v"');
  assert.equal(
    goQuote("\x00\x7f\u0080\u00ad\u2028\u{e0001}"),
    '"\\x00\\x7f\\u0080\\u00ad\\u2028\\U000e0001"',
  );
  assert.equal(goQuote("\u00e9 \u{1f600}\u00a0"), '"\u00e9 \u{1f600}\\u00a0"');
});

Deno.test("trimSpace() takes no longer for white space inside", () => {
  // Trying each blank as the beginning of the end is 10¹¹ steps.
  const text = `x${" ".repeat(500_000)}x`;
  assert.equal(trimSpace(` ${text}\n`), text);
  assert.equal(trimSpace(" ".repeat(500_000)), "");
});
