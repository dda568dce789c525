/** Command lines, signals, statuses and patterns in options. */

import assert from "node:assert/strict";
import { parseGlob } from "./payload/glob.ts";
import { parseSignal } from "./signals.ts";
import { parseSuccess } from "./success_statuses.ts";
import { valueAt } from "./verify.ts";
import { splitWords } from "./words.ts";

Deno.test("splitWords() splits as a shell does, and reads lists", () => {
  assert.deepEqual(splitWords(`nginx -t -c "{dir}/a b.conf" 'x''y' z\\ w ""`), [
    ...["nginx", "-t", "-c", "{dir}/a b.conf", "xy", "z w", ""],
  ]);
  assert.deepEqual(splitWords('["a","b c"]'), ["a", "b c"]);
  assert.throws(() => splitWords("'open"), SyntaxError);
  assert.throws(() => splitWords("[1]"), SyntaxError);
});

Deno.test("parseSignal() takes names and numbers, and nothing that cannot be caught", () => {
  assert.deepEqual(["HUP", "SIGHUP", "hup", "1", "12"].map(parseSignal), [
    ...["SIGHUP", "SIGHUP", "SIGHUP", "SIGHUP", "SIGUSR2"],
  ]);
  for (const text of ["KILL", "9", "SIGSTOP", "CHLD", "RTMIN", "0", "32", ""]) {
    assert.throws(() => parseSignal(text), SyntaxError, text);
  }
});

Deno.test("parseSuccess() reads lists of statuses", () => {
  const isSuccess = parseSuccess("200,204,300-302,5xx");
  assert.deepEqual([200, 201, 204, 301, 303, 599].map(isSuccess), [
    ...[true, false, true, true, false, true],
  ]);
  assert.throws(() => parseSuccess("ok"), SyntaxError);
});

Deno.test("parseGlob() matches whole keys", () => {
  const matches = (glob: string, key: string) => parseGlob(glob).test(key);
  assert.ok(matches("*.yml", "a.yml") && !matches("*.yml", "a.yml.gz"));
  assert.ok(matches("[ab]?.c", "ax.c") && !matches("[!ab].c", "a.c"));
  assert.throws(() => parseGlob("[a"), SyntaxError);
});

Deno.test("valueAt() follows dots and indexes", () => {
  const document = { data: { list: [{ x: 1 }, { x: 2 }] } };
  assert.equal(valueAt(document, "data.list[1].x"), 2);
  assert.equal(valueAt(document, "$.data.none.x"), undefined);
});
