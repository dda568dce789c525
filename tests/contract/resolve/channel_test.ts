/** Channels of `@grpc/grpc-js` on the resolver: the embedded API server, real gRPC servers. */

import assert from "node:assert/strict";
import * as grpc from "@grpc/grpc-js";
import { register, ResolverMetrics, roundRobin } from "#lib/grpc_resolver/mod.ts";
import { eventually } from "#tests/support/eventually.ts";
import { ask } from "#tests/support/grpc_backend.ts";
import { failureOf, LEAKY, publish, resolverCluster } from "#tests/support/resolver_cluster.ts";
import { slice } from "#tests/support/slices.ts";

Deno.test("a channel reaches every endpoint, fails fast at zero and recovers", LEAKY, async () => {
  await using kube = await resolverCluster();
  const first = await kube.backend("127.0.0.2");
  const second = await kube.backend("127.0.0.3", first.port);
  publish(kube.server, [first, second]);
  const metrics = new ResolverMetrics();
  const channel = await kube.channel("kubernetes:///web.prod:grpc", { metrics });
  const seen = new Set<string>();
  await eventually("both answer", async () => seen.add(await ask(channel)).size === 2);
  assert.match(metrics.text(), /kuberesolver_addresses_total\{target="[^"]+"\} 2\n/);
  publish(kube.server, []);
  const error = await eventually(
    "calls fail",
    () => ask(channel, 1000).then(() => undefined, (error: grpc.ServiceError) => error),
  );
  assert.equal(error.code, grpc.status.UNAVAILABLE);
  assert.match(error.details, /service "prod\/web": 0 of 0 endpoints ready/);
  publish(kube.server, [first]);
  const answer = await eventually("calls succeed", () => ask(channel).catch(() => undefined));
  assert.equal(answer, `127.0.0.2:${first.port}`);
});

Deno.test("errors of targets, ports and rights are status 14 with the reason", LEAKY, async () => {
  await using kube = await resolverCluster();
  kube.server.put(slice("web-1", { endpoints: ["127.0.0.2"] }));
  const wrongPort = await failureOf(ask(await kube.channel("kubernetes:///web.prod:http")));
  assert.equal(wrongPort.code, grpc.status.UNAVAILABLE);
  assert.match(wrongPort.details, /no port named "http" \(available: grpc\)/);
  const missing = await failureOf(ask(await kube.channel("kubernetes:///nope.prod")));
  assert.equal(missing.code, grpc.status.UNAVAILABLE);
  assert.match(missing.details, /no EndpointSlices found|does not exist/);
  assert.throws(
    () => new grpc.Client("kubernetes:///Web:80", grpc.credentials.createInsecure()),
    /invalid target "kubernetes:\/\/\/Web:80"/,
  );
});

Deno.test("rolling replacement under load fails no call", LEAKY, async () => {
  await using kube = await resolverCluster();
  const first = await kube.backend("127.0.0.10");
  const { port } = first;
  let current = [
    first,
    await kube.backend("127.0.0.11", port),
    await kube.backend("127.0.0.12", port),
  ];
  publish(kube.server, current);
  const channel = await kube.channel("kubernetes:///web.prod:grpc");
  let [calls, isOver] = [0, false];
  // Also when the test fails: a call on a closed channel fails without ever leaving this turn.
  using _end = { [Symbol.dispose]: () => isOver = true };
  const failures: string[] = [];
  const caller = async () => {
    while (failures.length === 0 && (!isOver || calls < 5000)) {
      await ask(channel).then(() => calls += 1, (error: grpc.ServiceError) => {
        failures.push(`${error.code} ${error.details}`);
      });
    }
  };
  const callers = Array.from({ length: 8 }, caller);
  for (let round = 0; round < 6; round++) {
    const fresh = await kube.backend(`127.0.0.${20 + round}`, port);
    const [old, ...rest] = current;
    assert.ok(old !== undefined);
    current = [...rest, fresh];
    // Either may reach the client first.
    if (round % 2 === 0) publish(kube.server, current);
    const drained = old.drain();
    if (round % 2 === 1) publish(kube.server, current);
    await drained;
    await eventually("the new one serves", () => fresh.calls > 0);
  }
  isOver = true;
  // Each goes on until all have made 5,000 calls, or one has failed.
  await Promise.all(callers);
  assert.deepEqual(failures, []);
});

Deno.test("row 18: equal and reordered updates open no connection", LEAKY, async () => {
  await using kube = await resolverCluster();
  const first = await kube.backend("127.0.0.2");
  const second = await kube.backend("127.0.0.3", first.port);
  const ports = [{ name: "grpc", port: first.port, protocol: "TCP" }];
  const put = (generation: number) =>
    kube.server.put({
      ...slice("web-1", {
        ports,
        endpoints: generation % 2 === 0 ? ["127.0.0.2", "127.0.0.3"] : ["127.0.0.3", "127.0.0.2"],
      }),
      metadata: {
        name: "web-1",
        namespace: "prod",
        labels: { "kubernetes.io/service-name": "web" },
        annotations: { generation: String(generation >> 1) },
      },
    });
  put(0);
  const channel = await kube.channel("kubernetes:///web.prod:grpc");
  const both = new Set<string>();
  await eventually("both answer", async () => both.add(await ask(channel)).size === 2);
  for (let generation = 1; generation <= 20; generation++) {
    put(generation);
    for (let call = 0; call < 2; call++) await ask(channel);
  }
  assert.deepEqual([first.peers.size, second.peers.size], [1, 1]);
});

Deno.test("200 channels to one Service share one watch, closed with the last", LEAKY, async () => {
  await using kube = await resolverCluster();
  const backend = await kube.backend("127.0.0.2");
  publish(kube.server, [backend]);
  await register({ grpc, client: kube.client });
  const channels = Array.from(
    { length: 200 },
    () =>
      new grpc.Client(
        "kubernetes:///web.prod:grpc",
        grpc.credentials.createInsecure(),
        roundRobin(),
      ),
  );
  const answers = await Promise.all(channels.map((channel) => ask(channel)));
  assert.equal(answers.length, 200);
  const watches = () =>
    kube.server.requests.filter(({ path, query }) =>
      path.includes("endpointslices") && query.has("watch")
    );
  assert.equal(watches().length, 1);
  for (const channel of channels) channel.close();
});
