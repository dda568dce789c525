/** Which parts of a request reach the backend, and how they tell objects apart. */

import assert from "node:assert/strict";
import { startReplica, startReplicas, testBackend } from "#tests/support/replicas.ts";
import { createForwarder, joinKey, splitKey } from "./forward.ts";

const forward = createForwarder({ query: ["b", "a"], headers: [] });
const keyOf = async (path: string, query?: string) =>
  (await forward(path, { query, headers: new Headers() }))?.key;

Deno.test("keys take the wanted parameters, sorted and encoded alike", async () => {
  assert.equal(await keyOf("/x", "c=1&b=2&a=%7e"), "/x?a=~&b=2");
  assert.equal(await keyOf("/x", "a=1+2&a=0"), "/x?a=1%202&a=0");
  assert.equal(await keyOf("/x", "a"), "/x?a");
  assert.equal(await keyOf("/x", "c=1"), "/x");
  assert.equal(await keyOf("/x"), "/x");
  assert.equal(await keyOf("/x", "a=%ff"), undefined);
  assert.equal(await keyOf("/x", `a=${"1".repeat(5000)}`), undefined);
});

Deno.test("no path passes for another one's query", async () => {
  assert.equal(await keyOf("/x?a=1"), "/x?a=1?");
  assert.deepEqual(splitKey("/x?a=1?"), { path: "/x?a=1", query: "" });
  assert.deepEqual(splitKey("/x?a=1"), { path: "/x", query: "a=1" });
  assert.deepEqual(splitKey(joinKey("/x", { query: "a=1", hash: "ff" })), {
    path: "/x",
    query: "a=1",
  });
});

Deno.test("clients with different headers get different objects, and the backend sees them", async () => {
  await using backend = testBackend();
  backend.answer = (request) =>
    new Response(`${request.headers.get("x-config-token")} ${request.headers.get("cookie")}`);
  await using replicas = await startReplicas(2, {
    backend: backend.url,
    "forward-headers": "X-Config-Token",
  });
  for (const replica of replicas) {
    for (const token of ["one", "two"]) {
      const headers = { "x-config-token": token, cookie: "c=1" };
      const answer = await replica.fetch("/a.yml", { headers });
      assert.equal(await answer.text(), `${token} null`);
      assert.equal(answer.headers.get("vary"), "X-Config-Token");
    }
  }
  assert.equal(backend.asked.length, 2, "each once, whoever owns it");
});

Deno.test("over an HTTP backend, api both reads applications out of keys, raw does not", async () => {
  await using backend = testBackend();
  const key = "/main/orders-dev.yml";
  for (const [api, expected] of [["raw", "old"], ["both", "new"]] as const) {
    backend.objects.set(key, "old");
    await using replica = await startReplica({ backend: backend.url, api, admin: "true" });
    assert.equal(await replica.text(key), "old");
    backend.objects.set(key, "new");
    // Not the beginning of the file's name, but a pattern for an application.
    const refreshed = await replica.fetch("/-/refresh?destination=*ders:dev", {
      method: "POST",
      listener: "metrics",
    });
    await refreshed.body?.cancel();
    assert.equal(await replica.text(key), expected);
    assert.equal(await replica.text("/orders/dev"), "not found", "no Environment is made");
  }
});

Deno.test("named parameters reach the backend, others do not", async () => {
  await using backend = testBackend();
  backend.answer = (request) => new Response(new URL(request.url).search);
  await using replica = await startReplica({ backend: `${backend.url}/base?x=1` });
  assert.equal(
    await replica.text("/a.yml?resolvePlaceholders=false&z=1"),
    "?x=1&resolvePlaceholders=false",
  );
  assert.equal(await replica.text("/a.yml?z=2"), "?x=1");
  await using plain = await startReplica({ backend: backend.url, "forward-query": "" });
  assert.equal(await plain.text("/a.yml?resolvePlaceholders=false"), "");
});

Deno.test("an expired object is asked for by its validators and renewed without bytes", async () => {
  await using backend = testBackend();
  const conditions: (string | null)[] = [];
  backend.answer = (request) => {
    const condition = request.headers.get("if-none-match");
    conditions.push(condition);
    const headers = { etag: '"v1"' };
    return condition === '"v1"'
      ? new Response(null, { status: 304, headers })
      : new Response("k: v", { headers });
  };
  await using replica = await startReplica({ backend: backend.url });
  const first = await replica.fetch("/a.yml");
  assert.equal(await first.text(), "k: v");
  replica.app.refreshAll();
  const second = await replica.fetch("/a.yml");
  assert.equal(await second.text(), "k: v");
  assert.equal(second.headers.get("etag"), first.headers.get("etag"));
  const third = await replica.fetch("/a.yml");
  assert.equal(await third.text(), "k: v");
  assert.equal(third.headers.get("cache-status"), "kcfg; hit; detail=main");
  assert.deepEqual(conditions, [null, '"v1"']);
});
