/** `${…}` in values and texts. */

import assert from "node:assert/strict";
import { SpringError } from "./environment.ts";
import { createPlaceholderResolver } from "./placeholders.ts";

const VALUES: Record<string, string> = {
  host: "example.org",
  url: "http://${host}/",
  n: "x",
  ax: "nested",
  "with:colon": "whole key first",
  loop: "${pool}",
  pool: "${loop}",
};

function resolve(text: string, maxChars = 1000): string {
  return createPlaceholderResolver((key) => VALUES[key], { maxChars })(text);
}

Deno.test("createPlaceholderResolver() resolves, nests, defaults and escapes", async (t) => {
  const cases: Record<string, string> = {
    "plain": "plain",
    "${host}": "example.org",
    "a ${ host } b": "a example.org b",
    "${url}x": "http://example.org/x",
    "${a${n}}": "nested",
    "${missing}": "${missing}",
    "${missing:}": "",
    "${missing:a:b}": "a:b",
    "${missing:${host}}": "example.org",
    "${missing:${gone:deep}}": "deep",
    "${with:colon}": "whole key first",
    "\\${host}": "${host}",
    "\\\\${host}": "${host}",
    "${host": "${host",
    "}${host}{": "}example.org{",
    "${missing:a}b}": "ab}",
    "\\${a} ${host}": "${a} example.org",
  };
  for (const [text, expected] of Object.entries(cases)) {
    await t.step(text, () => assert.equal(resolve(text), expected));
  }
});

Deno.test("createPlaceholderResolver() ends with circles and with texts that double themselves", () => {
  const tooMuch = (error: unknown) => error instanceof SpringError && error.status === 500;
  assert.throws(() => resolve("${loop}"), tooMuch);
  const doubling: Record<string, string> = { k0: "0123456789" };
  for (let n = 1; n <= 18; n++) doubling[`k${n}`] = `\${k${n - 1}}\${k${n - 1}}`;
  assert.throws(
    () => createPlaceholderResolver((key) => doubling[key], { maxChars: 10_000 })("${k18}"),
    tooMuch,
  );
});

Deno.test("createPlaceholderResolver() is soon done with texts that name one another or leave much open", () => {
  const startedAt = performance.now();
  const naming: Record<string, string> = { k0: "" };
  for (let n = 1; n <= 10; n++) naming[`k${n}`] = `\${k${n - 1}}`.repeat(100);
  const maxChars = 8_000_000;
  const resolve = createPlaceholderResolver((key) => naming[key], { maxChars });
  assert.throws(() => resolve("${k10}"), /name others more than/);
  const open = "\\${".repeat(500_000);
  const leave = createPlaceholderResolver(() => undefined, { maxChars });
  assert.equal(leave(open), "${".repeat(500_000));
  assert.ok(performance.now() - startedAt < 5000);
});

Deno.test("createPlaceholderResolver() counts all texts of an answer together", () => {
  const resolve = createPlaceholderResolver(() => "0123456789", { maxChars: 25 });
  assert.equal(resolve("${a}"), "0123456789");
  assert.equal(resolve("${a}"), "0123456789");
  assert.throws(() => resolve("${a}"), /too long/);
});
