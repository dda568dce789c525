/** The guard against denoland/deno#36788: ending a session waits until its callbacks are over. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { guardSessions, needsHttp2Guard } from "./http2_guard.ts";

Deno.test("needsHttp2Guard() knows the versions that crash", () => {
  assert.deepEqual(
    ["2.9.3", "2.9.4", "2.9.5", "2.9.6", "2.9.7"].map((version) => needsHttp2Guard(version)),
    [false, true, true, true, false],
  );
});

Deno.test("guardSessions() ends sessions from a fresh macrotask, once however often installed", async () => {
  const calls: string[] = [];
  const http2 = {
    connect: () => ({ close: () => calls.push("close"), destroy: () => calls.push("destroy") }),
  };
  guardSessions(http2);
  guardSessions(http2);
  const session = http2.connect();
  session.close();
  session.destroy();
  await Promise.resolve();
  assert.deepEqual(calls, []);
  await eventually("both are called", () => calls.length === 2);
  assert.deepEqual(calls, ["close", "destroy"]);
});
