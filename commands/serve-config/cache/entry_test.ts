/** What is derived from an object's bytes. */

import assert from "node:assert/strict";
import { createEntry, gzipOf } from "./entry.ts";

const TIMES = { loadedAtMs: 0, expiresAtMs: undefined };

Deno.test("createEntry() hashes content type, NUL and body", async () => {
  const bytes = new TextEncoder().encode("<html>");
  const entry = await createEntry(bytes, TIMES);
  assert.equal(entry.contentType, "text/html; charset=utf-8");
  const expected = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode("text/html; charset=utf-8\0<html>"),
  );
  assert.equal(entry.hash, new Uint8Array(expected).toHex().slice(0, 32));
});

Deno.test("gzipOf() keeps no copy that would not be smaller", async () => {
  const random = crypto.getRandomValues(new Uint8Array(2000));
  const entry = await createEntry(random, TIMES);
  assert.equal(await gzipOf(entry), null);
  assert.equal(await gzipOf(entry), null);
});

Deno.test("gzipOf() compresses once for all who ask meanwhile", async () => {
  const entry = await createEntry(new Uint8Array(2000), TIMES);
  const [first, second] = await Promise.all([gzipOf(entry), gzipOf(entry)]);
  assert.ok(first !== null && first.length < 100);
  assert.equal(first, second);
  assert.equal(entry.gzip, first);
});
