/** The informer's contract when nothing goes wrong. The fault table is in `faults_*_test.ts`. */

import assert from "node:assert/strict";
import { settle } from "#tests/support/clock.ts";
import { gone, status } from "#tests/support/scripted_collection.ts";
import { CONFIG_MAPS, formatEvent, informerFixture } from "#tests/support/informer_fixture.ts";

Deno.test("informer lists, syncs, and follows changes", async () => {
  await using fixture = informerFixture();
  const { informer, server, events } = fixture;
  assert.equal(informer.state, "idle");
  server.put("a", "1");
  informer.start();
  await informer.synced;
  await settle();
  server.put("a", "2");
  server.put("b", "1");
  server.delete("a");
  await settle();
  assert.deepEqual(events, ["added a=1", "synced", "updated a=2", "added b=1", "deleted a"]);
  assert.deepEqual(fixture.state(), { b: "1" });
  assert.equal(informer.get("n", "b")?.kind, "ConfigMap");
  assert.equal(informer.state, "watching");
  assert.equal(informer.lastSyncResourceVersion, "104");
  assert.deepEqual(server.log, ["list@0", "watch@101"]);
  const { query } = server.transport.requests[1] ?? { query: new URLSearchParams() };
  assert.equal(query.get("allowWatchBookmarks"), "true");
  assert.equal(query.get("timeoutSeconds"), "300");
});

Deno.test("informer keeps an index up to date", async () => {
  await using fixture = informerFixture();
  const { informer, server } = fixture;
  const byValue = informer.indexBy("value", (object) => [String(Object(object["data"]).value)]);
  server.put("a", "x");
  server.put("b", "x");
  informer.start();
  await informer.synced;
  await settle();
  const names = (key: string) => byValue(key).map((object) => object.metadata.name);
  assert.deepEqual(names("x"), ["a", "b"]);
  server.put("a", "y");
  server.delete("b");
  await settle();
  assert.deepEqual(names("x"), []);
  assert.deepEqual(names("y"), ["a"]);
});

Deno.test("informer replays its state to a late handler and shares one watch", async () => {
  await using fixture = informerFixture();
  const { client, informer, server } = fixture;
  server.put("a", "1");
  informer.start();
  await informer.synced;
  await settle();
  const second = client.informer({ freeze: true, resource: { ...CONFIG_MAPS } });
  const seen: string[] = [];
  second.addHandler((event) => void seen.push(formatEvent(event)));
  second.start();
  await settle();
  assert.deepEqual(seen, ["added a=1", "synced"]);
  assert.equal(server.log.length, 2);
  await informer.stop();
  server.put("b", "1");
  await settle();
  assert.deepEqual(seen.slice(2), ["added b=1"]);
  assert.deepEqual(fixture.events, ["added a=1", "synced"]);
  await second.stop();
  assert.ok(server.streams[0]?.cancelled);
});

Deno.test("informer.events() yields what handlers get and ends with stop", async () => {
  await using fixture = informerFixture();
  const { informer, server } = fixture;
  server.put("a", "1");
  const seen: string[] = [];
  const reading = (async () => {
    for await (const event of informer.events()) seen.push(formatEvent(event));
  })();
  informer.start();
  await informer.synced;
  await settle();
  server.put("a", "2");
  await settle();
  assert.deepEqual(seen, ["added a=1", "synced", "updated a=2"]);
  await informer.stop();
  await reading;
});

Deno.test("informer.events() ends when the client is closed, and at once afterwards", async () => {
  await using fixture = informerFixture();
  const { client, informer } = fixture;
  const count = async () => {
    let events = 0;
    for await (const _ of informer.events()) events += 1;
    return events;
  };
  const reading = count();
  informer.start();
  await informer.synced;
  await settle();
  await client.close();
  assert.equal(await reading, 1);
  assert.equal(await count(), 0);
  assert.equal(informer.state, "stopped");
  assert.throws(() => informer.addHandler(() => {}), TypeError);
});

Deno.test("informer.synced rejects when it is stopped before", async () => {
  await using fixture = informerFixture();
  const { informer, server } = fixture;
  server.everyList = () => new Promise<never>(() => {});
  informer.start();
  await settle();
  await informer.stop();
  await assert.rejects(informer.synced, /stopped before it synced/);
});

Deno.test("informer calls handlers one event at a time and survives one that fails", async () => {
  await using fixture = informerFixture();
  const { informer, server, log } = fixture;
  let running = 0;
  const seen: string[] = [];
  informer.addHandler(async (event) => {
    running += 1;
    assert.equal(running, 1);
    await settle();
    running -= 1;
    seen.push(event.type);
    if (event.type === "added") throw new Error("handler");
  });
  server.put("a", "1");
  server.put("b", "1");
  informer.start();
  for (let i = 0; i < 10; i++) await settle();
  assert.deepEqual(seen, ["added", "added", "synced"]);
  assert.deepEqual(log.messages("error"), ["informer handler failed", "informer handler failed"]);
});

Deno.test("informer calls a handler for several objects at once, for one object in order", async () => {
  await using fixture = informerFixture({ concurrency: 2 });
  const { informer, server } = fixture;
  const running = new Set<string>();
  const ends: (() => void)[] = [];
  const begun: string[] = [];
  informer.addHandler((event) => {
    const name = "object" in event ? String(event.object.metadata.name) : event.type;
    assert.ok(!running.has(name), `two calls for ${name}`);
    running.add(name);
    begun.push(name);
    return new Promise((resolve) =>
      ends.push(() => {
        running.delete(name);
        resolve();
      })
    );
  });
  const endNext = async () => {
    ends.shift()?.();
    await settle();
  };
  for (const name of ["a", "b", "c"]) server.put(name, "1");
  informer.start();
  await settle();
  assert.deepEqual(begun, ["a", "b"], "no third beside two");
  await endNext();
  assert.deepEqual(begun, ["a", "b", "c"]);
  await endNext();
  assert.equal(begun.length, 3, "synced waits for all");
  await endNext();
  assert.deepEqual(begun, ["a", "b", "c", "synced"]);
  await endNext();
  server.put("a", "2");
  server.put("a", "3");
  server.put("b", "2");
  await settle();
  assert.deepEqual(begun.slice(4), ["a"], "the second change of a waits for the first");
  await endNext();
  assert.deepEqual(begun.slice(4), ["a", "a", "b"]);
  while (ends.length > 0) await endNext();
});

Deno.test("informer resyncs with a real list and reports the drift", async () => {
  await using fixture = informerFixture({ resyncMs: 60_000 }, { random: () => 0.5 });
  const { informer, server, clock, events } = fixture;
  server.put("a", "1");
  server.everyWatch = () => new Promise<never>(() => {});
  informer.start();
  await settle();
  server.put("a", "2");
  await clock.advance(60_000);
  assert.deepEqual(events, ["added a=1", "synced", "updated a=2", "synced"]);
  assert.equal(informer.counts.drift, 1);
});

for (const mode of ["watch-list", "auto"] as const) {
  Deno.test(`informer in mode ${mode} takes its first state from a watch`, async () => {
    await using fixture = informerFixture({ mode });
    const { informer, server, events, clock } = fixture;
    server.put("a", "1");
    if (mode === "auto") {
      server.everyList = () => status(403, "Forbidden");
    }
    informer.start();
    await settle();
    const { query } = server.transport.requests.at(-1) ?? { query: new URLSearchParams() };
    assert.equal(query.get("sendInitialEvents"), "true");
    assert.equal(query.get("resourceVersionMatch"), "NotOlderThan");
    assert.deepEqual(events, []);
    const metadata = {
      resourceVersion: "150",
      annotations: { "k8s.io/initial-events-end": "true" },
    };
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata };
    server.streams[0]?.write(`${JSON.stringify({ type: "BOOKMARK", object })}\n`);
    await settle();
    assert.deepEqual(events, ["added a=1", "synced"]);
    assert.equal(informer.lastSyncResourceVersion, "150");
    server.streams[0]?.end();
    await clock.advance(0);
    assert.equal(server.log.at(-1), "watch@150");
  });
}

Deno.test("informer without list permission forgets a version that has expired", async () => {
  await using fixture = informerFixture({ mode: "watch-list" });
  const { informer, server, clock } = fixture;
  const ready = () => {
    const metadata = {
      resourceVersion: "150",
      annotations: { "k8s.io/initial-events-end": "true" },
    };
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata };
    server.streams.at(-1)?.write(`${JSON.stringify({ type: "BOOKMARK", object })}\n`);
  };
  informer.start();
  await settle();
  ready();
  await settle();
  server.watchFaults.push(gone, gone);
  server.streams.at(-1)?.end("connection");
  await settle();
  await clock.advanceToNext();
  ready();
  await settle();
  assert.deepEqual(server.log, ["watch@", "watch@150", "watch@150", "watch@"]);
  assert.equal(informer.state, "watching");
});

Deno.test("informer without list permission and bookmarks takes silence as the end", async () => {
  await using fixture = informerFixture();
  const { informer, server, events, clock } = fixture;
  server.put("a", "1");
  server.everyList = () => status(403, "Forbidden");
  server.watchFaults.push(() => status(400, "BadRequest"));
  informer.start();
  await settle();
  assert.deepEqual(events, []);
  await clock.advance(249);
  assert.deepEqual(events, []);
  await clock.advance(1);
  assert.deepEqual(events, ["added a=1", "synced"]);
  assert.deepEqual(server.log, ["list@0", "watch@", "watch@"]);
});
