/** What a traced body shows and what it never shows. */

import assert from "node:assert/strict";
import { traceBody, traceValue } from "./trace_body.ts";

const SECRET = { kind: "Secret", data: { key: "aHVudGVyMg==" }, stringData: { key: "hunter2" } };

Deno.test("traceBody() hides the content of Secrets, alone, in lists and in patches", () => {
  const bodies = [
    SECRET,
    { kind: "SecretList", items: [{ metadata: { name: "a" }, data: SECRET.data }] },
    { data: SECRET.data },
    { kind: "List", items: [SECRET] },
  ];
  for (const body of bodies) {
    const shown = traceBody(JSON.stringify(body));
    assert.ok(!shown.includes("aHVudGVyMg") && !shown.includes("hunter2"), shown);
  }
});

Deno.test("traceBody() hides tokens by name", () => {
  const shown = traceBody(JSON.stringify({ kind: "TokenReview", spec: { token: "hunter2" } }));
  assert.ok(!shown.includes("hunter2"), shown);
});

Deno.test("traceBody() shows ConfigMaps and the rest, cut short", () => {
  assert.equal(
    traceBody('{"kind":"ConfigMap","data":{"a":"b"}}'),
    '{"kind":"ConfigMap","data":{"a":"b"}}',
  );
  assert.match(
    traceBody(JSON.stringify({ kind: "ConfigMapList", items: [{ data: { a: "b" } }] })),
    /"a":"b"/,
  );
  assert.equal(traceValue({ text: "x".repeat(5000) }).length, 2049);
});

Deno.test("traceBody() only counts what is no JSON", () => {
  assert.equal(traceBody("a: hunter2"), "<10 characters>");
  assert.equal(traceBody(new Uint8Array(3)), "<3 bytes>");
});
