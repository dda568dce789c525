/** Each operation as the request it becomes, and each answer as its result. */

import assert from "node:assert/strict";
import { CapturedLog } from "#tests/support/log.ts";
import { DEPLOYMENT, fixtureOf, OK, only, POD, PODS } from "#tests/support/client_fixture.ts";
import { settle } from "#tests/support/clock.ts";
import { json, ScriptedStream } from "#tests/support/scripted_transport.ts";
import { createKubeClient } from "./client.ts";
import type { KubeClient } from "./contract.ts";
import { KubeTransportError } from "./errors.ts";
import { unrestricted } from "./scope/client_scope.ts";

Deno.test("KubeClient sends each operation as the API wants it", async (t) => {
  const object = { metadata: { name: "p" } };
  const cases: {
    readonly name: string;
    readonly call: (client: KubeClient) => Promise<unknown>;
    readonly line: string;
    readonly type?: string;
    readonly body?: unknown;
  }[] = [
    {
      name: "get",
      call: (c) => c.get(POD, { resourceVersion: "0" }),
      line: "GET /api/v1/namespaces/n/pods/p?resourceVersion=0",
    },
    {
      name: "create",
      call: (c) => c.create(POD, object, { dryRun: true }),
      line: "POST /api/v1/namespaces/n/pods?dryRun=All&fieldValidation=Strict",
      type: "application/json",
      body: object,
    },
    {
      name: "update",
      call: (c) => c.update(DEPLOYMENT, object, { fieldManager: "m", fieldValidation: "Warn" }),
      line: "PUT /apis/apps/v1/namespaces/n/deployments/d?fieldManager=m&fieldValidation=Warn",
      type: "application/json",
      body: object,
    },
    {
      name: "JSON patch",
      call: (c) => c.patch(POD, { type: "json", body: [{ op: "remove", path: "/data" }] }),
      line: "PATCH /api/v1/namespaces/n/pods/p?fieldValidation=Strict",
      type: "application/json-patch+json",
      body: [{ op: "remove", path: "/data" }],
    },
    {
      name: "merge patch",
      call: (c) => c.patch(POD, { type: "merge", body: { a: null } }),
      line: "PATCH /api/v1/namespaces/n/pods/p?fieldValidation=Strict",
      type: "application/merge-patch+json",
      body: { a: null },
    },
    {
      name: "strategic patch of the status",
      call: (c) => c.patchStatus(POD, { type: "strategic", body: { a: 1 } }),
      line: "PATCH /api/v1/namespaces/n/pods/p/status?fieldValidation=Strict",
      type: "application/strategic-merge-patch+json",
      body: { a: 1 },
    },
    {
      name: "apply",
      call: (c) => c.apply(POD, object, { force: true }),
      line: "PATCH /api/v1/namespaces/n/pods/p?fieldManager=kcfg&fieldValidation=Strict&force=true",
      type: "application/apply-patch+yaml",
      body: object,
    },
    {
      name: "delete without options",
      call: (c) => c.delete(POD),
      line: "DELETE /api/v1/namespaces/n/pods/p",
    },
    {
      name: "delete with options",
      call: (c) => c.delete(POD, { propagationPolicy: "Orphan", preconditions: { uid: "u" } }),
      line: "DELETE /api/v1/namespaces/n/pods/p",
      type: "application/json",
      body: {
        apiVersion: "v1",
        kind: "DeleteOptions",
        propagationPolicy: "Orphan",
        preconditions: { uid: "u" },
      },
    },
    {
      name: "deleteCollection",
      call: (c) => c.deleteCollection(PODS, { labelSelector: { equals: { a: "b" } } }),
      line: "DELETE /api/v1/namespaces/n/pods?labelSelector=a%3Db",
    },
    {
      name: "getScale",
      call: (c) => c.getScale(DEPLOYMENT),
      line: "GET /apis/apps/v1/namespaces/n/deployments/d/scale",
    },
    {
      name: "evict",
      call: (c) => c.evict({ namespace: "n", name: "p" }),
      line: "POST /api/v1/namespaces/n/pods/p/eviction?fieldValidation=Strict",
      type: "application/json",
      body: {
        apiVersion: "policy/v1",
        kind: "Eviction",
        metadata: { namespace: "n", name: "p" },
      },
    },
    {
      name: "get of a namespace",
      call: (c) => c.get({ group: "", version: "v1", resource: "namespaces", name: "x" }),
      line: "GET /api/v1/namespaces/x",
    },
    {
      name: "raw",
      call: (c) => c.raw("GET", "/healthz", { query: { verbose: true, empty: "" } }),
      line: "GET /healthz?verbose=true",
    },
    { name: "serverVersion", call: (c) => c.serverVersion(), line: "GET /version" },
  ];
  for (const { name, call, line, type, body } of cases) {
    await t.step(name, async () => {
      const { client, transport } = fixtureOf([OK]);
      await call(client);
      const { method, path, query, headers, body: sent } = only(transport);
      const queryText = query.size === 0 ? "" : `?${query}`;
      assert.equal(`${method} ${path}${queryText}`, line);
      assert.equal(headers["content-type"], type);
      assert.deepEqual(sent === undefined ? undefined : JSON.parse(sent), body);
      assert.equal(headers["accept"], "application/json");
      assert.equal(headers["accept-encoding"], method === "GET" ? "gzip" : "identity");
    });
  }
});

Deno.test("KubeClient refuses what would become another path", async (t) => {
  for (const name of ["", ".", "..", "a/b", "a%2fb"]) {
    await t.step(`name "${name}"`, async () => {
      const { client, transport } = fixtureOf([OK]);
      await assert.rejects(client.get({ ...PODS, name }), TypeError);
      assert.equal(transport.requests.length, 0);
    });
  }
  for (const path of ["https://x/api", "//x/api", "/api/../x", "/a?b=c", "/a%2e", "x"]) {
    await t.step(`raw "${path}"`, async () => {
      const { client, transport } = fixtureOf([OK]);
      await assert.rejects(client.raw("GET", path), TypeError);
      assert.equal(transport.requests.length, 0);
    });
  }
});

Deno.test("KubeClient.logs() gives bytes or lines", async () => {
  const { client, transport } = fixtureOf([{ body: "one\n\ntwo" }]);
  const log = await client.logs({ namespace: "n", name: "p" }, { container: "c", tailLines: 3 });
  const lines: string[] = [];
  for await (const line of log.lines) lines.push(line);
  assert.deepEqual(lines, ["one", "", "two"]);
  const { path, query, headers } = only(transport);
  assert.equal(`${path}?${query}`, "/api/v1/namespaces/n/pods/p/log?container=c&tailLines=3");
  assert.equal(headers["accept"], "*/*");
});

Deno.test("KubeClient.accessReview() asks for each rule and verb", async () => {
  const answer = json({ status: { allowed: true, reason: "because" } });
  const { client, transport } = fixtureOf([answer]);
  const rules = [{
    apiGroups: [""],
    resources: ["pods/log"],
    verbs: ["get", "list"],
    namespace: "n",
  }];
  const reviews = await client.accessReview(rules);
  assert.deepEqual(reviews.map(({ verb, allowed, reason }) => [verb, allowed, reason]), [
    ["get", true, "because"],
    ["list", true, "because"],
  ]);
  assert.deepEqual(JSON.parse(transport.requests[0]?.body ?? "").spec.resourceAttributes, {
    namespace: "n",
    verb: "get",
    group: "",
    resource: "pods",
    subresource: "log",
  });
});

Deno.test("KubeClient.watch() yields events, then how it ended", async () => {
  const line = '{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n';
  const { client } = fixtureOf([{ body: line }]);
  const seen: string[] = [];
  for await (const event of client.watch(PODS)) {
    seen.push(event.type === "END" ? `END ${event.reason}` : event.type);
  }
  await settle();
  assert.deepEqual(seen, ["ADDED", "END eof"]);
});

Deno.test("KubeClient.watch() gives its stream up when the loop is left", async () => {
  const stream = new ScriptedStream();
  stream.write('{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n');
  const { client } = fixtureOf([{ body: stream }]);
  for await (const event of client.watch(PODS)) {
    assert.equal(event.type, "ADDED");
    break;
  }
  assert.ok(stream.cancelled);
});

Deno.test("KubeClient shows no credentials when it is printed or fails", async () => {
  const log = new CapturedLog();
  const client = createKubeClient({
    config: { server: "https://127.0.0.1:1", token: { text: "hush-hush" } },
    scope: unrestricted(),
    logger: log,
    requestTimeoutMs: 100,
  });
  assert.doesNotMatch(Deno.inspect(client, { depth: 20 }), /hush/);
  await assert.rejects(client.get(POD), (error) => {
    assert.doesNotMatch(Deno.inspect(error, { depth: 20 }), /hush/);
    return error instanceof KubeTransportError;
  });
  assert.doesNotMatch(Deno.inspect(log.lines, { depth: 20 }), /hush/);
  await client.close();
});
