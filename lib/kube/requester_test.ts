/** Answers that are errors, what is tried again, and how often requests go. */

import assert from "node:assert/strict";
import { DEPLOYMENT, fixtureOf, OK, POD, PODS } from "#tests/support/client_fixture.ts";
import { ManualClock } from "#tests/support/clock.ts";
import { status } from "#tests/support/scripted_collection.ts";
import { json, ScriptedTransport } from "#tests/support/scripted_transport.ts";
import { createKubeClient } from "./client.ts";
import type { KubeClient } from "./contract.ts";
import {
  DecodeError,
  isAlreadyExists,
  isConflict,
  isExpired,
  isForbidden,
  isNotFound,
  KubeApiError,
  KubeTransportError,
} from "./errors.ts";
import { unrestricted } from "./scope/client_scope.ts";

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

Deno.test("KubeClient takes no emptiness for an object, but where there is none to send", async () => {
  for (const status of [200, 201]) {
    const { client } = fixtureOf([{ status, body: "" }]);
    await assert.rejects(client.get(POD), (error) => {
      assert.ok(error instanceof DecodeError);
      assert.match(error.message, /^get pods\/p in namespace "n": the answer is empty$/);
      return true;
    });
  }
  const { client } = fixtureOf([{ status: 204, body: "" }]);
  assert.equal(await client.delete(POD), undefined);
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

Deno.test("KubeClient does not wait for its rate longer than a request may take", async () => {
  const { client, transport, clock } = fixtureOf([OK], { qps: 0.01, burst: 1 });
  await client.get(POD);
  await assert.rejects(client.get(POD, { timeoutMs: 99_000 }), (error) => {
    assert.ok(error instanceof KubeTransportError);
    assert.equal(error.kind, "timeout");
    assert.match(
      error.message,
      /not sent: the client's own rate limit would hold it back for 100000/,
    );
    return true;
  });
  assert.equal(clock.pendingTimers, 0);
  const late = client.get(POD, { timeoutMs: 101_000 });
  await clock.advance(100_000);
  await late;
  assert.equal(transport.requests.length, 2);
  assert.throws(() => fixtureOf([OK], { qps: 0 }), /0 requests a second/);
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
