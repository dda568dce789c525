/** Rows of the watch fault table about lists, the store, handlers and stopping; `kube-client.md` 11. */

import assert from "node:assert/strict";
import { settle } from "#tests/support/clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import { CONFIG_MAPS, informerFixture } from "#tests/support/informer_fixture.ts";
import { type Answer, json } from "#tests/support/scripted_transport.ts";
import { gone, status } from "#tests/support/scripted_collection.ts";

Deno.test("informer row 16: an unreachable server at the start is tried until it answers", async () => {
  await using fixture = informerFixture();
  const { informer, server, clock, events } = fixture;
  server.put("a", "1");
  const refused = (): Answer => ({ error: "connect" });
  server.listFaults.push(refused, refused, refused);
  informer.start();
  await settle();
  assert.ok(!informer.hasSynced);
  assert.equal(informer.state, "backoff");
  await clock.advance(800 + 1600);
  assert.deepEqual(events, ["error"]);
  await clock.advance(3200);
  await informer.synced;
  assert.deepEqual(events, ["error", "added a=1", "synced"]);
});

Deno.test("informer row 26: a slow handler pauses reading and loses nothing", async () => {
  await using fixture = informerFixture({ maxQueuedEvents: 100 });
  const { informer, server } = fixture;
  const gate = Promise.withResolvers<void>();
  const seen: string[] = [];
  informer.start();
  await settle();
  informer.addHandler(async (event) => {
    if (event.type !== "added") return;
    seen.push(event.object.metadata.name ?? "");
    await gate.promise;
  });
  for (let i = 0; i < 5000; i++) server.put(`o${i}`, "1");
  await settle();
  const stream = server.streams[0];
  assert.ok((stream?.unread ?? 0) > 4500, `${stream?.unread} chunks left unread`);
  assert.equal(seen.length, 1);
  // The server drops the slow stream; the rest comes from the last applied version.
  stream?.end("reset");
  gate.resolve();
  await eventually("all events were handled", () => seen.length === 5000);
  assert.equal(new Set(seen).size, 5000);
  assert.equal(Object.keys(fixture.state()).length, 5000);
});

Deno.test("informer row 27: an object made anew while disconnected is deleted, then added", async () => {
  await using fixture = informerFixture();
  const { informer, server, events } = fixture;
  server.put("a", "1");
  informer.start();
  await settle();
  const stream = server.streams[0];
  server.streams.length = 0;
  server.delete("a");
  server.put("a", "2");
  server.compact();
  stream?.end("connection");
  await settle();
  assert.deepEqual(events, ["added a=1", "synced", "deleted a", "added a=2", "synced"]);
});

Deno.test("informer row 28: an object deleted while disconnected is deleted by the re-list", async () => {
  await using fixture = informerFixture();
  const { informer, server } = fixture;
  const deleted: unknown[] = [];
  informer.addHandler((event) => {
    if (event.type === "deleted") deleted.push(event.object["data"]);
  });
  server.put("a", "last");
  server.put("b", "1");
  informer.start();
  await settle();
  const stream = server.streams[0];
  server.streams.length = 0;
  server.delete("a");
  server.compact();
  stream?.end("connection");
  await settle();
  assert.deepEqual(deleted, [{ value: "last" }]);
  assert.deepEqual(fixture.state(), { b: "1" });
});

Deno.test("informer row 29: a 410 on the second page lists once more in one piece", async () => {
  await using fixture = informerFixture();
  const { informer, server, events } = fixture;
  server.put("a", "1");
  server.put("b", "1");
  server.listFaults.push(() => {
    const item = { metadata: { namespace: "n", name: "a", resourceVersion: "101" } };
    const metadata = { resourceVersion: "90", continue: "more" };
    return json({ apiVersion: "v1", kind: "ConfigMapList", metadata, items: [item] });
  }, gone);
  informer.start();
  await settle();
  const [first, second, third] = server.transport.requests.map(({ query }) => query);
  assert.equal(first?.get("limit"), "500");
  assert.equal(second?.get("continue"), "more");
  assert.equal(second?.get("resourceVersion"), null);
  assert.equal(third?.get("limit"), null);
  assert.equal(third?.get("resourceVersion"), "0");
  assert.deepEqual(events, ["added a=1", "added b=1", "synced"]);
  assert.equal(server.log.at(-1), "watch@102");
});

Deno.test("informer row 30: a list that continues for ever is an error", async () => {
  await using fixture = informerFixture();
  const { informer, server, events } = fixture;
  server.everyList = () =>
    json({
      apiVersion: "v1",
      kind: "ConfigMapList",
      metadata: { resourceVersion: "1", continue: "same" },
      items: [],
    });
  informer.start();
  await settle();
  assert.equal(server.log.length, 3);
  assert.deepEqual(events, ["error"]);
  assert.equal(informer.state, "backoff");
});

Deno.test("informer row 31: a list answered with something else leaves the store alone", async (t) => {
  const html = { headers: { "content-type": "text/html" }, body: "<html>" };
  const failure = json({ kind: "Status", status: "Failure", code: 500, message: "no" });
  for (const [name, answer] of Object.entries({ html, status: failure })) {
    await t.step(name, async () => {
      await using fixture = informerFixture();
      const { informer, server, clock, events } = fixture;
      server.put("a", "1");
      informer.start();
      await settle();
      server.compact();
      server.listFaults.push(() => answer);
      server.watchFaults.push(gone);
      server.streams[0]?.end("connection");
      await settle();
      assert.deepEqual(fixture.state(), { a: "1" });
      assert.deepEqual(events, ["added a=1", "synced", "error"]);
      await clock.advance(800);
      assert.equal(informer.state, "watching");
    });
  }
});

Deno.test("informer row 35: stop() ends a list, a backoff and a read at once", async (t) => {
  const silence = () => new Promise<never>(() => {});
  for (const state of ["listing", "backoff", "watching"] as const) {
    await t.step(state, async () => {
      await using fixture = informerFixture();
      const { informer, server, clock, events } = fixture;
      if (state === "listing") server.everyList = silence;
      if (state === "backoff") server.everyList = () => status(500, "InternalError");
      informer.start();
      await settle();
      assert.equal(informer.state, state);
      const before = events.length;
      const startMs = performance.now();
      await informer.stop();
      assert.ok(performance.now() - startMs < 100);
      server.put("a", "1");
      await settle();
      assert.equal(events.length, before);
      assert.equal(clock.pendingTimers, 0);
      assert.equal(informer.state, "stopped");
      for (const stream of server.streams) assert.ok(stream.cancelled);
    });
  }
});

Deno.test("informer row 38: a thousand clients that restart together come back spread out", async () => {
  let seed = 42;
  const random = () => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
  const buckets = new Map<string, number>();
  await using fixture = informerFixture({}, { random });
  const { client, server } = fixture;
  server.everyWatch = () => ({ body: "" });
  for (let i = 0; i < 1000; i++) {
    for await (const event of client.watch(CONFIG_MAPS)) assert.equal(event.type, "END");
    const seconds = server.transport.requests.at(-1)?.query.get("timeoutSeconds") ?? "";
    assert.ok(Number(seconds) >= 300 && Number(seconds) <= 600);
    buckets.set(seconds, (buckets.get(seconds) ?? 0) + 1);
  }
  const greatest = Math.max(...buckets.values());
  assert.ok(greatest <= 50, `${greatest} watches end in one second`);
});
