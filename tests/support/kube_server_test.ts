import assert from "node:assert/strict";
import { once } from "node:events";
import tls from "node:tls";
import { plainLines, plainRequest } from "#tests/support/control_plane/http.ts";
import { eventually } from "#tests/support/eventually.ts";
import { createCertificateAuthority } from "#tests/support/certificates.ts";
import { openControlPlane } from "#tests/support/control_plane.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { connectH2 } from "#tests/support/h2_client.ts";
import { type KubeServer, startKubeServer } from "#tests/support/kube_server.ts";
import type { JsonObject } from "#tests/support/kube_server/json.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

Deno.test("startKubeServer() serves HTTP/2, HTTP/1.1 and plain HTTP alike", async (t) => {
  await t.step("HTTP/2", async () => {
    await using server = await startKubeServer();
    await using client = await connectH2(server);
    const answer = await client.request("/version");
    assert.equal(answer.status, 200);
    assert.equal(answer.rstCode, 0);
    assert.equal(server.requests[0]?.httpVersion, "2");
  });
  await t.step("HTTP/1.1 over TLS", async () => {
    await using server = await startKubeServer({ http2: false });
    const socket = tls.connect({
      port: server.port,
      ca: server.caPem,
      ALPNProtocols: ["h2", "http/1.1"],
    });
    await once(socket, "secureConnect");
    assert.equal(socket.alpnProtocol, "http/1.1");
    socket.destroy();
    const { status } = await plainRequest(server, { path: "/version" });
    assert.equal(status, 200);
  });
  await t.step("plain, under a prefix", async () => {
    await using server = await startKubeServer({ tls: false, pathPrefix: "/k8s/c1" });
    assert.match(server.url, /^http:.*\/k8s\/c1$/);
    assert.equal((await plainRequest(server, { path: "/version" })).status, 200);
    const outside = { url: server.url.replace("/k8s/c1", "") };
    assert.equal((await plainRequest(outside, { path: "/version" })).status, 404);
  });
});

Deno.test("startKubeServer() listens on IPv6", async () => {
  await using server = await startKubeServer({ host: "::1" });
  assert.match(server.url, /^https:\/\/\[::1\]:\d+$/);
  assert.equal((await plainRequest(server, { path: "/version" })).status, 200);
});

Deno.test("startKubeServer() makes certificates that are expired or for other names", async () => {
  const past = new Date(Date.now() - 60_000);
  for (const tls of [{ notAfter: past }, { ipAddresses: [], dnsNames: ["kube.example"] }]) {
    await using server = await startKubeServer({ tls });
    await assert.rejects(plainRequest(server, { path: "/version" }));
    assert.equal(server.requests.length, 0);
  }
});

Deno.test("startKubeServer() tells its limit of streams", async () => {
  await using server = await startKubeServer({ maxConcurrentStreams: 7 });
  await using client = await connectH2(server);
  await client.request("/version");
  assert.equal(client.maxConcurrentStreams, 7);
});

Deno.test("KubeServer.kubeconfig() is what a plain reader needs", async () => {
  await using dir = await tempDir();
  await using server = await startKubeServer({
    users: { secret: { name: "jane", groups: ["system:masters"] } },
  });
  const path = await dir.write("config", server.kubeconfig({ token: "secret", namespace: "x" }));
  const { admin } = await openControlPlane(path);
  assert.equal((await plainRequest(admin, { path: CONFIG_MAPS })).status, 200);
});

Deno.test("KubeServer records raw header lines, one per value", async () => {
  await using server = await startKubeServer();
  await using client = await connectH2(server);
  await client.request("/version?a=%2F", {
    "impersonate-user": "jane",
    "impersonate-group": ["one", "two, three"],
  });
  const [request] = server.requests;
  assert.equal(request?.rawTarget, "/version?a=%2F");
  assert.deepEqual(
    request?.headerLines.filter(([name]) => name === "impersonate-group"),
    [["impersonate-group", "one"], ["impersonate-group", "two, three"]],
  );
});

Deno.test("KubeServer takes a client certificate for a user, and can insist on one", async () => {
  const authority = await createCertificateAuthority();
  const certificate = await authority.issue({
    commonName: "jane",
    organizations: ["team"],
    usage: "client",
  });
  const server = await startKubeServer({
    tls: { authority, requireClientCertificate: true },
    users: { unused: { name: "unused", groups: [] } },
  });
  await using _stop = server;
  await assert.rejects(plainRequest(server, { path: "/version" }));
  const answer = await plainRequest({
    ...server,
    url: server.url,
    caPem: server.caPem,
    ...certificate,
  }, {
    path: CONFIG_MAPS,
  });
  assert.match(answer.text, /User \\"jane\\" cannot list resource/);
});

Deno.test("KubeServer.rotateToken() and rules decide between 200, 401 and 403", async () => {
  await using server = await startKubeServer({
    users: {
      first: {
        name: "jane",
        groups: [],
        rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] }],
      },
    },
  });
  const statusOf = async (token: string, method = "GET") =>
    (await plainRequest(as(server, token), { path: CONFIG_MAPS, method })).status;
  assert.equal(await statusOf("first"), 200);
  assert.equal(await statusOf("first", "DELETE"), 403);
  server.rotateToken("first", "second");
  assert.equal(await statusOf("first"), 401);
  assert.equal(await statusOf("second"), 200);
  server.revokeToken("second");
  assert.equal(await statusOf("second"), 401);
});

Deno.test("KubeServer.watches() gives a hand on open streams", async () => {
  await using server = await startKubeServer();
  const reading = plainLines(server, {
    path: `${CONFIG_MAPS}?watch=true&allowWatchBookmarks=true`,
    isEnough: (lines) => lines.length === 3,
  });
  await eventually(
    "the watch is open",
    () => server.watches({ resource: "configmaps" }).length === 1,
  );
  const [watch] = server.watches();
  watch?.bookmark();
  watch?.bookmark({ resourceVersion: undefined });
  const { lines } = await reading;
  const [initial, bookmark, bare] = lines.map((line) => JSON.parse(line));
  assert.equal(initial.object.metadata.annotations["k8s.io/initial-events-end"], "true");
  assert.equal(bookmark.object.metadata.resourceVersion, String(server.resourceVersion));
  assert.deepEqual(bare.object.metadata, {});
});

Deno.test("KubeServer.compact() expires watches, pages and exact lists", async () => {
  await using server = await startKubeServer();
  for (const name of ["a", "b", "c"]) server.put(configMap(name));
  const page = JSON.parse((await plainRequest(server, { path: `${CONFIG_MAPS}?limit=1` })).text);
  const old = page.metadata.resourceVersion;
  server.put(configMap("d"));
  server.compact();
  const next = `${CONFIG_MAPS}?limit=1&continue=${page.metadata.continue}`;
  const expired = JSON.parse((await plainRequest(server, { path: next })).text);
  assert.deepEqual([expired.code, expired.reason], [410, "Expired"]);
  const rest = JSON.parse(
    (await plainRequest(server, { path: `${CONFIG_MAPS}?continue=${expired.metadata.continue}` }))
      .text,
  );
  assert.equal(rest.items.length, 3, "the token of the failure goes on with the present state");
  const { lines } = await plainLines(server, {
    path: `${CONFIG_MAPS}?watch=true&resourceVersion=${old}`,
    isEnough: () => false,
  });
  const [event] = lines.map((line) => JSON.parse(line));
  assert.deepEqual([event.type, event.object.code, event.object.reason], ["ERROR", 410, "Expired"]);
  const exact = `${CONFIG_MAPS}?resourceVersion=${old}&resourceVersionMatch=Exact`;
  assert.equal((await plainRequest(server, { path: exact })).status, 410);
});

Deno.test("KubeServer.setResourceVersion() goes back in time as a restore does", async () => {
  await using server = await startKubeServer({ firstResourceVersion: 5000 });
  server.put(configMap("a"));
  const { resourceVersion } = server;
  server.setResourceVersion(100);
  const path = `${CONFIG_MAPS}?resourceVersion=${resourceVersion}`;
  assert.equal((await plainRequest(server, { path })).status, 504);
  const stored = server.put(configMap("b"));
  assert.deepEqual((stored["metadata"] as JsonObject)["resourceVersion"], "101");
});

Deno.test("KubeServer.pause() refuses, resume() serves the same state on the same port", async () => {
  await using server = await startKubeServer();
  server.put(configMap("a"));
  const { port } = server;
  await server.pause();
  await assert.rejects(plainRequest(server, { path: "/version" }), { code: "ECONNREFUSED" });
  await server.resume();
  assert.equal(server.port, port);
  assert.equal((await plainRequest(server, { path: `${CONFIG_MAPS}/a` })).status, 200);
});

Deno.test("PodLogs serves, follows and ends logs", async () => {
  await using server = await startKubeServer();
  server.put({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "default" },
    spec: { nodeName: "n", containers: [{ name: "c" }, { name: "d" }] },
  });
  const ref = { namespace: "default", pod: "p", container: "c" };
  server.logs.append(ref, "one", "two", "three");
  const path = "/api/v1/namespaces/default/pods/p/log";
  const textOf = async (query: string) =>
    (await plainRequest(server, { path: `${path}?${query}` })).text;
  assert.match(await textOf(""), /a container name must be specified for pod p/);
  assert.equal(await textOf("container=c&tailLines=2"), "two\nthree\n");
  assert.equal(await textOf("container=c&limitBytes=5"), "one\nt");
  assert.match(await textOf("container=c&timestamps=true&tailLines=1"), /^\d{4}-.*Z three\n$/);
  const following = plainLines(server, {
    path: `${path}?container=c&follow=true&tailLines=1`,
    isEnough: (lines) => {
      if (lines.length === 1) server.logs.append(ref, "four");
      if (lines.length === 2) server.logs.finish(ref);
      return false;
    },
  });
  assert.deepEqual((await following).lines, ["three", "four"]);
});

Deno.test("KubeServer.breakGroup() leaves the other groups whole", async () => {
  await using server = await startKubeServer();
  server.breakGroup("metrics.k8s.io/v1beta1");
  const groups = JSON.parse((await plainRequest(server, { path: "/apis" })).text).groups;
  assert.ok(groups.some(({ name }: { name: string }) => name === "metrics.k8s.io"));
  assert.equal((await plainRequest(server, { path: "/apis/metrics.k8s.io/v1beta1" })).status, 503);
  assert.equal((await plainRequest(server, { path: "/apis/apps/v1" })).status, 200);
  const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  const aggregated = JSON.parse(
    (await plainRequest(server, { path: "/apis", headers: { accept } })).text,
  );
  const broken = aggregated.items.find((item: { metadata: { name: string } }) =>
    item.metadata.name === "metrics.k8s.io"
  );
  assert.equal(broken.versions[0].freshness, "Stale");
});

Deno.test("KubeServer deletes what a deleted object owned", async () => {
  await using server = await startKubeServer();
  const owner = server.put(configMap("owner"));
  const { uid } = owner["metadata"] as JsonObject;
  server.put({
    ...configMap("owned"),
    metadata: {
      name: "owned",
      namespace: "default",
      ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: uid ?? "" }],
    },
  });
  await plainRequest(server, { path: `${CONFIG_MAPS}/owner`, method: "DELETE" });
  assert.equal(server.get(configMap("owned")), undefined);
});

function as(server: KubeServer, token: string) {
  return { url: server.url, caPem: server.caPem, token };
}

function configMap(name: string) {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" } };
}
