/** `${…}` in values and texts. */

import assert from "node:assert/strict";
import { SpringError } from "./environment.ts";
import { resolvePlaceholders } from "./placeholders.ts";

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
  return resolvePlaceholders(text, (key) => VALUES[key], { maxChars });
}

Deno.test("resolvePlaceholders() resolves, nests, defaults and escapes", async (t) => {
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

Deno.test("resolvePlaceholders() ends with circles and with texts that double themselves", () => {
  const tooMuch = (error: unknown) => error instanceof SpringError && error.status === 500;
  assert.throws(() => resolve("${loop}"), tooMuch);
  const doubling: Record<string, string> = { k0: "0123456789" };
  for (let n = 1; n <= 18; n++) doubling[`k${n}`] = `\${k${n - 1}}\${k${n - 1}}`;
  assert.throws(
    () => resolvePlaceholders("${k18}", (key) => doubling[key], { maxChars: 10_000 }),
    tooMuch,
  );
});
