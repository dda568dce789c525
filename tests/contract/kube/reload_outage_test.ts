/** `kcfg reload` while its API server is away or says strange things: files stay, the newest follows. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import type { Fault } from "#tests/support/kube_server/faults.ts";
import { untilReady } from "#tests/support/reload.ts";
import { configMap, startReloadCluster } from "#tests/support/reload_cluster.ts";

/** What may happen to the watch and to every request behind it until it is over. */
const OUTAGES: Readonly<Record<string, Fault>> = {
  "refused connections": { kind: "refuse" },
  "401": { kind: "status", code: 401 },
  "403": { kind: "status", code: 403 },
  "410": { kind: "status", code: 410 },
  "429": { kind: "status", code: 429, retryAfterSeconds: 1 },
  "500": { kind: "status", code: 500 },
  "answers that are cut": { kind: "truncate", bytes: 40, how: "cut" },
  "slow answers": { kind: "delay", ms: 300 },
};

Deno.test("reload: an outage touches no file, and the newest content follows it", async (t) => {
  for (const [name, fault] of Object.entries(OUTAGES)) {
    await t.step(name, async () => {
      await using kube = await startReloadCluster();
      kube.server.put(configMap("app", { a: "1", b: "1" }));
      await using kcfg = await kube.start("--configmap=app", "--", "sleep", "60");
      await untilReady(kcfg);
      const before = await kcfg.status();
      const injected = kube.server.inject(fault, { resource: "configmaps", times: Infinity });
      kube.server.cutConnections();
      // Not before the connection is lost, which could still bring the change.
      if (fault.kind !== "delay") {
        await eventually("the outage is noticed", () => injected.hits > 0);
      }
      kube.server.put(configMap("app", { a: "2" }));
      kube.server.put(configMap("app", { a: "3" }));
      if (fault.kind !== "delay") {
        assert.equal(await kube.read("b"), "1");
        assert.equal(await kcfg.answer("/healthz"), 200);
        assert.equal(await kcfg.answer("/readyz"), 200);
      }
      injected.remove();
      await eventually("the newest is there", async () => await kube.read("a") === "3", {
        withinMs: 4900,
      });
      assert.equal((await kcfg.status()).child?.pid, before.child?.pid);
      await eventually("the other is gone", async () => (await kube.names()).join() === "a");
    });
  }
});

Deno.test("reload goes on while the server is down, and takes the newest when it is back", async () => {
  await using kube = await startReloadCluster();
  kube.server.put(configMap("app", { a: "1" }));
  await using kcfg = await kube.start("--configmap=app");
  await untilReady(kcfg);
  await kube.server.pause();
  await eventually("it is told", () => kcfg.stderr().includes("API server cannot be followed"));
  assert.equal(await kcfg.metric("kcfg_reload_api_up"), 0);
  assert.equal(await kcfg.answer("/healthz"), 200);
  kube.server.put(configMap("app", { a: "2" }));
  assert.equal(await kube.read("a"), "1");
  await kube.server.resume();
  await eventually("the newest is there", async () => await kube.read("a") === "2", {
    withinMs: 4900,
  });
  await eventually("the API is up", async () => await kcfg.metric("kcfg_reload_api_up") === 1);
});
