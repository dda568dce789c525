/** The guard against denoland/deno#36788: ending a session waits until its callbacks are over. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { guardSessions, needsHttp2Guard } from "./http2_guard.ts";

const CLIENT = new URL("../../tests/support/drained_client.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

Deno.test("needsHttp2Guard() knows the versions that crash", () => {
  assert.deepEqual(
    ["2.9.3", "2.9.4", "2.9.5", "2.9.6", "2.9.7"].map((version) => needsHttp2Guard(version)),
    [false, true, true, true, false],
  );
});

Deno.test("guardSessions() ends sessions from a fresh macrotask, once however often installed", async () => {
  const calls: string[] = [];
  const http2 = {
    connect: () => ({
      destroyed: false,
      close: () => calls.push("close"),
      destroy: () => calls.push("destroy"),
    }),
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

// A version without the fault needs no guard: then both go, and this says so.
const isFaulty = needsHttp2Guard() && Deno.build.os === "linux";
const why = isFaulty ? "" : ": not on this version or system";

for (
  const { argument, outcome } of [
    { argument: "guard", outcome: "outlives a server that drains" },
    { argument: "none", outcome: "dies when a server drains, which is what the guard is for" },
  ]
) {
  Deno.test(
    `a gRPC client with "${argument}" ${outcome}${why}`,
    { ignore: !isFaulty },
    async () => {
      const { code, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--allow-all", "--quiet", `--config=${CONFIG}`, CLIENT, argument],
        // glibc overwrites what is freed, so that its use is fatal every time.
        env: { MALLOC_PERTURB_: "165" },
        signal: AbortSignal.timeout(4900),
      }).output();
      const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      if (argument === "guard") assert.equal(said, "alive\n");
      else assert.match(`${signal} ${said}`, /^SIG(ABRT|SEGV) /);
      assert.equal(code === 0, argument === "guard");
    },
  );
}
