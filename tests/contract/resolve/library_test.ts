/** The doors of the library on the embedded API server: registration, clients, documents. */

import assert from "node:assert/strict";
import * as grpc from "@grpc/grpc-js";
import { newClientFromKubeconfig } from "#lib/grpc_resolver/deno.ts";
import {
  type GrpcModule,
  metricsText,
  register,
  resolveOnce,
  roundRobin,
  watchEndpoints,
} from "#lib/grpc_resolver/mod.ts";
import { eventually } from "#tests/support/eventually.ts";
import { ask } from "#tests/support/grpc_backend.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { LEAKY, publish, resolverCluster } from "#tests/support/resolver_cluster.ts";
import { slice } from "#tests/support/slices.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

Deno.test(
  "register() finds gRPC by itself and counts in the process's registry",
  LEAKY,
  async () => {
    await using kube = await resolverCluster();
    const backend = await kube.backend("127.0.0.2");
    publish(kube.server, [backend]);
    await register({ client: kube.client, scheme: "own" });
    const channel = new grpc.Client(
      "own:///web.prod:grpc",
      grpc.credentials.createInsecure(),
      roundRobin(),
    );
    assert.equal(await ask(channel), `127.0.0.2:${backend.port}`);
    const sample = /kuberesolver_addresses_total\{target="own:\/\/prod\/web:grpc"\} 1\n/;
    assert.match(await metricsText(), sample);
    channel.close();
    await register({ client: kube.client, scheme: "own", metrics: false });
    const uncounted = new grpc.Client(
      "own:///web.prod:grpc",
      grpc.credentials.createInsecure(),
      roundRobin(),
    );
    await ask(uncounted);
    assert.doesNotMatch(await metricsText(), sample);
    uncounted.close();
  },
);

Deno.test(
  "register() warns of a proxy in the environment, and gRPC's tracer gets every line",
  LEAKY,
  async () => {
    await using kube = await resolverCluster();
    const backend = await kube.backend("127.0.0.2");
    publish(kube.server, [backend]);
    const traced: string[] = [];
    const trace = (severity: number, tracer: string, text: string) => {
      if (severity === grpc.logVerbosity.DEBUG && tracer === "kubernetes_resolver") {
        traced.push(text);
      }
    };
    const module = { ...grpc, experimental: { ...grpc.experimental, trace } } as GrpcModule;
    const logger = new CapturedLog();
    const proxyLines = () =>
      logger.lines.filter(({ fields }) => fields["variable"] === "http_proxy");
    await register({ grpc: module, client: kube.client, logger, scheme: "quiet" });
    assert.deepEqual(proxyLines(), []);
    Deno.env.set("http_proxy", "http://127.0.0.1:9");
    try {
      await register({ grpc: module, client: kube.client, logger });
    } finally {
      Deno.env.delete("http_proxy");
    }
    assert.equal(proxyLines().length, 1);
    const channel = new grpc.Client(
      "kubernetes:///web.prod:grpc",
      grpc.credentials.createInsecure(),
      roundRobin(),
    );
    await ask(channel);
    assert.ok(
      traced.some((line) => /^list told target=kubernetes:.*prod\/web: 1 ready of 1/.test(line)),
    );
    channel.close();
  },
);

Deno.test("newClientFromKubeconfig() with fetchToken asks for a fresh token after a 401, and for none of the user's", async () => {
  await using server = await startKubeServer({
    users: { fresh: { name: "pod", groups: ["system:masters"] } },
  });
  await using dir = await tempDir();
  server.put(slice("web-1", { endpoints: ["10.0.0.1"] }));
  const path = await dir.write("config", server.kubeconfig({ token: "of the file" }));
  const asked: boolean[] = [];
  const client = await newClientFromKubeconfig({
    path,
    fetchToken(refresh) {
      asked.push(refresh);
      return Promise.resolve(asked.some((again) => again) ? "fresh" : "stale");
    },
  });
  const { usable } = await resolveOnce("kubernetes:///web.prod", { client });
  await client.close();
  assert.equal(usable, 1);
  assert.deepEqual(asked.slice(0, 2), [false, true]);
});

Deno.test("resolveOnce() and watchEndpoints() give the document of the command", async () => {
  await using server = await startKubeServer();
  await using dir = await tempDir();
  const path = await dir.write("config", server.kubeconfig());
  const client = await newClientFromKubeconfig({ path });
  const nothing = await resolveOnce("kubernetes:///web.prod", { client });
  assert.deepEqual(nothing.endpoints, []);
  assert.equal(nothing.error?.code, "empty");
  server.put(slice("web-1", {
    endpoints: ["10.0.0.1", { addresses: ["10.0.0.2"], conditions: { ready: false } }],
  }));
  const once = await resolveOnce("kubernetes:///web:grpc", { client, namespace: "prod" });
  assert.deepEqual(Object.keys(once), [
    ...["apiVersion", "kind", "target", "source", "resourceVersion", "observedAt", "service"],
    ...["slices", "endpoints", "usable", "total", "fallback", "warnings", "error"],
  ]);
  assert.deepEqual(once.target, {
    input: "kubernetes:///web:grpc",
    canonical: "kubernetes://prod/web:grpc",
    service: "web",
    namespace: "prod",
    port: "grpc",
    portMode: "name",
  });
  assert.deepEqual(once.endpoints.map(({ addresses }) => addresses), [["10.0.0.1:50051"]]);
  assert.deepEqual([once.usable, once.total, once.error], [1, 2, null]);
  const ended = new AbortController();
  const counts: number[] = [];
  const watching = (async () => {
    const { signal } = ended;
    for await (const { usable } of watchEndpoints("kubernetes:///web.prod", { client, signal })) {
      counts.push(usable);
    }
  })();
  await eventually("the first", () => counts.length === 1);
  server.put(slice("web-1", { endpoints: ["10.0.0.1", "10.0.0.2"] }));
  await eventually("the second", () => counts.length === 2);
  assert.deepEqual(counts, [1, 2]);
  ended.abort();
  await watching;
  await client.close();
});
