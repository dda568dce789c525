/** What must never reach a log. */

import assert from "node:assert/strict";
import { describeError, redact, redactText } from "./redact.ts";

Deno.test("redact() hides values under secret-looking keys", () => {
  for (
    const key of ["token", "apiToken", "password", "DB_PASSWORD", "clientSecret", "Authorization"]
  ) {
    assert.equal(redact(key, "hunter2"), "***", key);
  }
  assert.equal(redact("secretName", "team"), "team");
  assert.equal(redact("token", undefined), undefined);
});

Deno.test("redact() looks into lists, maps and errors", () => {
  const value = { user: "a", password: "hunter2", list: [{ token: "hunter2" }, "Bearer hunter2"] };
  assert.deepEqual(redact("config", value), {
    user: "a",
    password: "***",
    list: [{ token: "***" }, "Bearer ***"],
  });
  const error = new Error("Cannot open", { cause: new Error("amqp://u:hunter2@host refused") });
  assert.equal(redact("err", error), "Cannot open: amqp://u:***@host refused");
});

Deno.test("redact() never shows bytes, and bounds depth, entries and text", () => {
  assert.equal(redact("value", new Uint8Array([104, 105])), "<2 bytes>");
  const deep = { a: { b: { c: { d: { e: 1 } } } } };
  assert.deepEqual(redact("x", deep), { a: { b: { c: { d: "…" } } } });
  assert.equal((redact("x", Array.from({ length: 1000 }, () => 1)) as unknown[]).length, 50);
  assert.equal((redact("x", "y".repeat(10_000)) as string).length, 4097);
  assert.equal(redact("x", 10n), "10");
  assert.equal(redact("x", null), null);
});

Deno.test("redactText() cuts passwords out of URLs, whatever they contain", () => {
  assert.equal(redactText("at amqp://u:p@ss/w@host:1/x now"), "at amqp://u:***@host:1/x now");
  assert.equal(redactText("https://host/a:b"), "https://host/a:b");
});

Deno.test("redactText() cuts secrets out of queries of URLs, and nothing else", () => {
  const secret = "at http://h/a?access_token=s3&x=1&API-KEY=s4&sig=s5 (h:80)";
  assert.equal(redactText(secret), "at http://h/a?access_token=***&x=1&API-KEY=***&sig=*** (h:80)");
  for (
    const text of ["http://h/?design=flat&monkey=1", "http://h/?tokens=1", "http://h/a?b=token"]
  ) {
    assert.equal(redactText(text), text);
  }
});

Deno.test("describeError() follows causes, five at most", () => {
  const chain = Array.from({ length: 9 }, (_, i) => i).reduceRight<Error | undefined>(
    (cause, i) => new Error(String(i), { cause }),
    undefined,
  );
  assert.equal(describeError(chain ?? new Error()), "0: 1: 2: 3: 4");
});

Deno.test("describeError() does not repeat what a wrapping message said already", () => {
  const cause = new Error("refused");
  assert.equal(
    describeError(new Error("Cannot connect: refused", { cause })),
    "Cannot connect: refused",
  );
});
