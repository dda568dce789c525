import assert from "node:assert/strict";
import { plainLines, plainRequest } from "#tests/support/control_plane/http.ts";
import { eventually } from "#tests/support/eventually.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { startRelay } from "#tests/support/relay.ts";

Deno.test("startRelay() forwards TLS to the fake API server", async () => {
  await using server = await startKubeServer();
  await using relay = await startRelay({ port: server.port });
  const endpoint = { url: `https://127.0.0.1:${relay.port}`, caPem: server.caPem };
  const { status } = await plainRequest(endpoint, { path: "/version" });
  assert.equal(status, 200);
  assert.equal(relay.acceptedCount, 1);
});

Deno.test("Relay.freeze() holds a stream back, resume() delivers what waited", async () => {
  await using server = await startKubeServer();
  await using relay = await startRelay({ port: server.port });
  const endpoint = { url: `https://127.0.0.1:${relay.port}`, caPem: server.caPem };
  let seen = 0;
  const stream = plainLines(endpoint, {
    path: "/api/v1/configmaps?watch=true&resourceVersion=1004",
    isEnough: (lines) => {
      seen = lines.length;
      return lines.length === 2;
    },
  });
  await eventually("the watch is open", () => server.watches().length === 1);
  server.put(configMap("a"));
  await eventually("the first event", () => seen === 1);
  relay.freeze();
  server.put(configMap("b"));
  // The server has written; only the relay holds the event back. A second connection passes meanwhile.
  assert.equal((await plainRequest(endpoint, { path: "/version" })).status, 200);
  assert.equal(seen, 1);
  assert.equal(server.watches()[0]?.sentEvents, 2);
  relay.resume();
  assert.equal((await stream).lines.length, 2);
});

Deno.test("Relay.cut() resets connections, refuse() new ones", async () => {
  await using server = await startKubeServer();
  await using relay = await startRelay({ port: server.port });
  const endpoint = { url: `https://127.0.0.1:${relay.port}`, caPem: server.caPem };
  const stream = plainLines(endpoint, {
    path: "/api/v1/configmaps?watch=true",
    isEnough: () => false,
  });
  await eventually("the watch is open", () => server.watches().length === 1);
  relay.cut();
  await assert.rejects(stream);
  await eventually("the server notices", () => server.watches().length === 0);
  relay.refuse();
  await assert.rejects(plainRequest(endpoint, { path: "/version" }));
  relay.resume();
  assert.equal((await plainRequest(endpoint, { path: "/version" })).status, 200);
});

function configMap(name: string) {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" } };
}
