/** Targets as the client sent them. */

import assert from "node:assert/strict";
import { requestTarget } from "./request_target.ts";

Deno.test("requestTarget() leaves the target as it was sent", async (t) => {
  const cases: [string, { path: string; query: string | undefined }][] = [
    ["http://a/", { path: "/", query: undefined }],
    ["http://a/../../etc/passwd", { path: "/../../etc/passwd", query: undefined }],
    ["http://a//x//y/", { path: "//x//y/", query: undefined }],
    ["http://a/%2e%2e?x=/%ff", { path: "/%2e%2e", query: "x=/%ff" }],
    ["http://[::1]:80/a?b#c", { path: "/a", query: "b" }],
    ["http://a/a#b?c", { path: "/a", query: undefined }],
    ["http://a/?", { path: "/", query: "" }],
    ["http://a:443", { path: "", query: undefined }],
  ];
  for (const [url, expected] of cases) {
    await t.step(url, () => assert.deepEqual(requestTarget(url), expected));
  }
});
