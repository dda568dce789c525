/** Forms of `--backend`. */

import assert from "node:assert/strict";
import { parseBackend } from "./backend.ts";

Deno.test("parseBackend() reads directories", () => {
  assert.deepEqual(parseBackend("dir:samples"), { kind: "dir", directory: "samples" });
  assert.deepEqual(parseBackend("dir:/etc/config//"), { kind: "dir", directory: "/etc/config" });
  assert.deepEqual(parseBackend("dir:/"), { kind: "dir", directory: "/" });
});

Deno.test("parseBackend() takes the userinfo out of a URL", () => {
  const backend = parseBackend("https://us%40er:p%3Aw@host:8443/base?x=1#f");
  assert.ok(backend.kind === "http");
  assert.equal(backend.base.href, "https://host:8443/base?x=1");
  assert.equal(backend.authorization, `Basic ${btoa("us@er:p:w")}`);
  const plain = parseBackend("http://host");
  assert.ok(plain.kind === "http");
  assert.equal(plain.authorization, undefined);
});

Deno.test("parseBackend() refuses other forms", () => {
  for (const text of ["", "host", "kube:A", "git:https://x", "dir:", "http://", "http://a b/"]) {
    assert.throws(() => parseBackend(text), /^UsageError: Option backend: /, text);
  }
});
