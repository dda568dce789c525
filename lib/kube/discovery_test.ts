/** Finding kinds on the fake API server, in both forms of discovery. */

import assert from "node:assert/strict";
import { ManualClock } from "#tests/support/clock.ts";
import { type KubeServer, startKubeServer } from "#tests/support/kube_server.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { createKubeClient } from "./client.ts";
import { Discovery } from "./discovery.ts";
import { noKubeMetrics } from "./metrics.ts";
import { RateLimiter } from "./rate_limit.ts";
import { Requester } from "./requester.ts";
import { unrestricted } from "./scope/client_scope.ts";
import { createTransport } from "./transport/transport.ts";

interface Fixture extends AsyncDisposable {
  readonly server: KubeServer;
  readonly discovery: Discovery;
  readonly clock: ManualClock;
}

async function fixture(form: string): Promise<Fixture> {
  const server = await startKubeServer({ aggregatedDiscovery: form === "aggregated" });
  const clock = new ManualClock();
  const logger = new CapturedLog();
  const transport = createTransport({ server: server.url, tls: { ca: server.caPem }, clock });
  const requester = new Requester({
    transport,
    scope: unrestricted(),
    limiter: new RateLimiter({ qps: -1, burst: 1, clock }),
    clock,
    random: () => 0,
    logger,
    metrics: noKubeMetrics,
    headers: {},
    requestTimeoutMs: 0,
    compress: true,
    hideApiWarnings: false,
    traceBodies: false,
  });
  return {
    server,
    clock,
    discovery: new Discovery({ requester, clock, logger }),
    async [Symbol.asyncDispose]() {
      await transport.close();
      await server.stop();
    },
  };
}

for (const form of ["aggregated", "per group"]) {
  Deno.test(`Discovery finds resources by every name, ${form}`, async (t) => {
    await using parts = await fixture(form);
    const { discovery } = parts;
    const names = ["deployments", "deploy", "Deployment", "deployments.apps", "deploy.v1.apps"];
    for (const name of names) {
      await t.step(name, async () => {
        const found = await discovery.byName(name);
        assert.deepEqual(
          [found.group, found.version, found.resource, found.kind, found.namespaced],
          ["apps", "v1", "deployments", "Deployment", true],
        );
        assert.ok(found.verbs.includes("watch"));
        assert.ok(found.subresources.includes("scale"));
      });
    }
    await t.step("by kind", async () => {
      assert.equal((await discovery.byKind("v1", "Pod")).resource, "pods");
      assert.equal((await discovery.byKind("apps/v1", "Deployment")).resource, "deployments");
    });
    await t.step("the core group comes first", async () => {
      assert.equal((await discovery.byName("events")).group, "");
    });
    if (form === "aggregated") assert.equal(parts.server.requests.length, 2);
  });

  Deno.test(`Discovery maps the rest when one group is broken, ${form}`, async () => {
    await using parts = await fixture(form);
    parts.server.breakGroup("metrics.k8s.io/v1beta1");
    const { failed } = await parts.discovery.catalog();
    assert.deepEqual(failed, ["metrics.k8s.io/v1beta1"]);
    assert.equal((await parts.discovery.byName("po")).kind, "Pod");
  });
}

Deno.test("Discovery asks again for an unknown name, at most every 30 s", async () => {
  await using parts = await fixture("aggregated");
  const { discovery, server, clock } = parts;
  await assert.rejects(discovery.byName("widgets"), /does not have it/);
  assert.equal(server.requests.length, 2);
  await clock.advance(30_000);
  await assert.rejects(discovery.byName("widgets"));
  await assert.rejects(discovery.byName("widgets"));
  assert.equal(server.requests.length, 4);
  await discovery.byName("pods");
  assert.equal(server.requests.length, 4);
  await clock.advance(600_000);
  await discovery.byName("pods");
  assert.equal(server.requests.length, 6);
});

Deno.test("KubeClient takes references by kind", async () => {
  await using server = await startKubeServer();
  const client = createKubeClient({
    scope: unrestricted(),
    config: { server: server.url, certificateAuthority: { text: server.caPem } },
  });
  const ref = { apiVersion: "v1", kind: "ConfigMap", namespace: "default" };
  await client.create(ref, { metadata: { name: "a" }, data: { k: "v" } });
  const informer = client.informer({ resource: ref });
  informer.start();
  await informer.synced;
  assert.equal(informer.list().length, 1);
  assert.deepEqual((await client.get({ ...ref, name: "a" }))["data"], { k: "v" });
  await client.close();
});
