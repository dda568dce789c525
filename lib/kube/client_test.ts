/** Each operation as the request it becomes, and each answer as the result or error it becomes. */

import assert from "node:assert/strict";
import { ManualClock, settle } from "#tests/support/clock.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { status } from "#tests/support/scripted_collection.ts";
import {
  type Answer,
  json,
  ScriptedStream,
  ScriptedTransport,
  type SeenRequest,
} from "#tests/support/scripted_transport.ts";
import { createKubeClient } from "./client.ts";
import type { KubeClient, KubeClientOptions, ListOptions } from "./contract.ts";
import {
  DecodeError,
  isAlreadyExists,
  isConflict,
  isExpired,
  isForbidden,
  isNotFound,
  KubeApiError,
  KubeTransportError,
  ListExpiredError,
} from "./errors.ts";
import { unrestricted } from "./scope/client_scope.ts";

const PODS = { group: "", version: "v1", resource: "pods", namespace: "n" } as const;
const POD = { ...PODS, name: "p" } as const;
const DEPLOYMENT = {
  group: "apps",
  version: "v1",
  resource: "deployments",
  namespace: "n",
  name: "d",
} as const;

interface Fixture {
  readonly client: KubeClient;
  readonly transport: ScriptedTransport;
  readonly clock: ManualClock;
  readonly log: CapturedLog;
}

/** Answers in order, the last one again and again. */
function fixtureOf(answers: readonly Answer[], options: Partial<KubeClientOptions> = {}): Fixture {
  const clock = new ManualClock();
  const log = new CapturedLog();
  let next = 0;
  const transport = new ScriptedTransport(clock, () => {
    const answer = answers[Math.min(next++, answers.length - 1)];
    assert.ok(answer);
    return answer;
  });
  const scope = unrestricted();
  const client = createKubeClient({
    transport,
    scope,
    clock,
    logger: log,
    random: () => 0.5,
    ...options,
  });
  return { client, transport, clock, log };
}

function only(transport: ScriptedTransport): SeenRequest {
  assert.equal(transport.requests.length, 1);
  const [request] = transport.requests;
  assert.ok(request);
  return request;
}

const OK = json({ apiVersion: "v1", kind: "X", metadata: { name: "x" } });

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

Deno.test("KubeClient makes errors of statuses and of anything else", async (t) => {
  await t.step("a Status", async () => {
    const details = { causes: [{ field: ".spec", reason: "FieldManagerConflict" }] };
    const { client } = fixtureOf([status(409, "Conflict", { details }, { "audit-id": "id-1" })]);
    await assert.rejects(client.get(POD), (error) => {
      assert.ok(isConflict(error));
      assert.equal(error.message, 'get pods/p in namespace "n": Conflict (Conflict, HTTP 409)');
      assert.equal(error.details?.causes?.[0]?.field, ".spec");
      assert.equal(error.auditId, "id-1");
      return true;
    });
  });
  await t.step("403 says which rule is missing", async () => {
    const { client } = fixtureOf([status(403, "Forbidden")]);
    await assert.rejects(client.list(DEPLOYMENT), (error) => {
      assert.ok(isForbidden(error));
      assert.match(error.message, /\nneeds: apiGroup "apps", resource "deployments", verb "list"$/);
      return true;
    });
  });
  await t.step("bodies of proxies", async () => {
    const cases: [number, string, (error: unknown) => boolean][] = [
      [404, "NotFound", isNotFound],
      [409, "AlreadyExists", isAlreadyExists],
      [410, "Gone", isExpired],
      [418, "Unknown", () => true],
    ];
    for (const [code, reason, predicate] of cases) {
      const { client } = fixtureOf([{ status: code, body: "<html>x".repeat(1000) }]);
      await assert.rejects(client.create(PODS, {}), (error) => {
        assert.ok(error instanceof KubeApiError && predicate(error));
        assert.equal(error.reason, reason);
        assert.equal(error.raw?.length, 2048);
        return true;
      });
    }
  });
  await t.step("200 with a failure", async () => {
    const body = { kind: "Status", status: "Failure", code: 422, reason: "Invalid", message: "m" };
    await assert.rejects(fixtureOf([json(body)]).client.get(POD), /m \(Invalid, HTTP 422\)/);
  });
  await t.step("200 that is no JSON", async () => {
    await assert.rejects(fixtureOf([{ body: "<html>" }]).client.get(POD), DecodeError);
  });
  await t.step("an empty body", async () => {
    assert.equal(await fixtureOf([{ status: 204 }]).client.delete(POD), undefined);
  });
});

Deno.test("KubeClient repeats what may be repeated", async (t) => {
  const busy = status(503, "ServiceUnavailable");
  const asked = status(503, "ServiceUnavailable", {}, { "retry-after": "2" });
  const get = (client: KubeClient) => client.get(POD);
  const create = (client: KubeClient) => client.create(PODS, {});
  const cases = [
    { name: "GET 503", call: get, answer: busy, attempts: 3, tookMs: 1500 },
    { name: "POST 503", call: create, answer: busy, attempts: 1, tookMs: 0 },
    {
      name: "POST 503 with Retry-After",
      call: create,
      answer: asked,
      attempts: 10,
      tookMs: 18_000,
    },
    { name: "GET 404", call: get, answer: status(404, "NotFound"), attempts: 1, tookMs: 0 },
    { name: "GET 409", call: get, answer: status(409, "Conflict"), attempts: 1, tookMs: 0 },
    {
      name: "GET 429",
      call: get,
      answer: status(429, "TooManyRequests"),
      attempts: 3,
      tookMs: 1500,
    },
    { name: "GET reset", call: get, answer: { error: "reset" }, attempts: 10, tookMs: 9000 },
    { name: "POST reset", call: create, answer: { error: "reset" }, attempts: 1, tookMs: 0 },
    { name: "POST refused", call: create, answer: { error: "connect" }, attempts: 3, tookMs: 1500 },
    { name: "GET tls", call: get, answer: { error: "tls" }, attempts: 1, tookMs: 0 },
  ] as const;
  for (const { name, call, answer, attempts, tookMs } of cases) {
    await t.step(name, async () => {
      const { client, transport, clock } = fixtureOf([answer]);
      const failed = assert.rejects(call(client));
      for (let i = 0; i < attempts; i++) await clock.advanceToNext();
      await failed;
      assert.equal(transport.requests.length, attempts);
      assert.equal(transport.requests.at(-1)?.atMs, tookMs);
    });
  }
  await t.step("never past the request's time", async () => {
    const { client, transport } = fixtureOf([asked]);
    await assert.rejects(client.get(POD, { timeoutMs: 1000 }), KubeApiError);
    assert.equal(transport.requests.length, 1);
  });
  await t.step("until it works", async () => {
    const { client, clock } = fixtureOf([busy, OK]);
    const got = client.get(POD);
    await clock.advanceToNext();
    assert.equal((await got).kind, "X");
  });
});

Deno.test("KubeClient rejects with the signal's reason and with a time-out", async () => {
  const clock = new ManualClock();
  const transport = new ScriptedTransport(clock, () => new Promise<never>(() => {}));
  const client = createKubeClient({ transport, scope: unrestricted(), clock });
  const abort = new AbortController();
  const aborted = client.get(POD, { signal: abort.signal });
  abort.abort();
  await assert.rejects(aborted, { name: "AbortError" });
  const slow = assert.rejects(client.get(POD), (error) => {
    assert.ok(error instanceof KubeTransportError);
    return error.kind === "timeout";
  });
  await clock.advance(30_000);
  await slow;
});

Deno.test("KubeClient keeps to its rate", async () => {
  const { client, transport, clock } = fixtureOf([OK], { qps: 10, burst: 2 });
  const all = Promise.all(Array.from({ length: 5 }, () => client.get(POD)));
  await clock.advance(1000);
  await all;
  assert.deepEqual(transport.requests.map(({ atMs }) => Math.round(atMs)), [0, 0, 100, 200, 300]);
});

Deno.test("KubeClient logs each API warning once", async () => {
  const warning = '299 - "old, \\"very\\" old", 299 - "second"';
  const { client, log } = fixtureOf([json({}, 200, { warning })]);
  await client.get(POD);
  await client.get(POD);
  assert.deepEqual(log.lines.filter(({ level }) => level === "warn").map(({ fields }) => fields), [
    { text: 'old, "very" old' },
    { text: "second" },
  ]);
});

Deno.test("KubeClient.listAll() follows pages, and tells when they expire", async (t) => {
  const page = (names: string[], token?: string) =>
    json({
      apiVersion: "v1",
      kind: "PodList",
      metadata: { resourceVersion: "1", continue: token },
      items: names.map((name) => ({ metadata: { name } })),
    });
  const names = async (client: KubeClient, options: ListOptions = {}) => {
    const seen: string[] = [];
    for await (const item of client.listAll(PODS, { limit: 2, ...options })) {
      seen.push(`${item.kind}/${item.metadata.name}`);
    }
    return seen;
  };
  await t.step("three pages", async () => {
    const { client, transport } = fixtureOf([page(["a"], "1"), page(["b"], "2"), page(["c"])]);
    assert.deepEqual(await names(client), ["Pod/a", "Pod/b", "Pod/c"]);
    assert.deepEqual(
      transport.requests.map(({ query }) => [query.get("limit"), query.get("continue")]),
      [["2", null], ["2", "1"], ["2", "2"]],
    );
  });
  await t.step("expired", async () => {
    const gone = status(410, "Expired", { metadata: { continue: "later" } });
    await assert.rejects(names(fixtureOf([page(["a"], "1"), gone]).client), ListExpiredError);
    const { client } = fixtureOf([page(["a"], "1"), gone, page(["b"])]);
    assert.deepEqual(await names(client, { allowInconsistent: true }), ["Pod/a", "Pod/b"]);
  });
  await t.step("null items and a table", async () => {
    const empty = { apiVersion: "v1", kind: "PodList", metadata: {}, items: null };
    assert.deepEqual((await fixtureOf([json(empty)]).client.list(PODS)).items, []);
    const table = { apiVersion: "meta.k8s.io/v1", kind: "Table", metadata: {} };
    await assert.rejects(fixtureOf([json(table)]).client.list(PODS), DecodeError);
  });
});

Deno.test("KubeClient.list() retries a version that is too large without one", async () => {
  const details = { causes: [{ reason: "ResourceVersionTooLarge" }], retryAfterSeconds: 3 };
  const list = json({ apiVersion: "v1", kind: "PodList", metadata: {}, items: [] });
  const { client, transport, clock } = fixtureOf([
    status(504, "Timeout", { details }),
    status(504, "Timeout", { details }),
    status(504, "Timeout", { details }),
    list,
  ]);
  const listed = client.list(PODS, { resourceVersion: "9" });
  for (let i = 0; i < 4; i++) await clock.advanceToNext();
  await listed;
  const [first] = transport.requests;
  assert.equal(first?.query.get("resourceVersion"), "9");
  assert.equal(first?.query.get("limit"), null);
  assert.equal(transport.requests.at(-1)?.query.get("resourceVersion"), null);
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
