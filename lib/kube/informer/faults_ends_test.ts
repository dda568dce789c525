/** Rows of the watch fault table in which a stream ends or is refused; "row" is `kube-client.md` 11. */

import assert from "node:assert/strict";
import { settle } from "#tests/support/clock.ts";
import { informerFixture } from "#tests/support/informer_fixture.ts";
import { errorLine, gone, status, streamOf } from "#tests/support/scripted_collection.ts";

Deno.test("informer row 1: a clean end at its time reconnects at once without a list", async () => {
  await using fixture = informerFixture();
  const { informer, server, clock, events } = fixture;
  server.put("a", "1");
  informer.start();
  await settle();
  await clock.advance(300_000);
  server.streams[0]?.end();
  await settle();
  assert.deepEqual(server.log, ["list@0", "watch@101", "watch@101"]);
  assert.deepEqual(fixture.watchTimes(), [0, 300_000]);
  assert.deepEqual(events, ["added a=1", "synced"]);
});

Deno.test("informer row 2: very short streams are retried three times, then listed", async () => {
  await using fixture = informerFixture({}, { random: () => 0.5 });
  const { informer, server, clock } = fixture;
  informer.start();
  await settle();
  for (let i = 0; i < 5; i++) {
    await clock.advance(100);
    server.streams.at(-1)?.end();
    await settle();
    await clock.advanceToNext();
  }
  const watch = "watch@100";
  assert.deepEqual(
    server.log,
    ["list@0", watch, watch, watch, watch, "list@100", watch, watch],
  );
  assert.deepEqual(fixture.watchTimes().slice(0, 5), [0, 1300, 3800, 8700, 18_400]);
  const requests = server.transport.requests.length;
  assert.ok(requests / (clock.monotonic() / 1000) < 1);
});

Deno.test("informer row 6: an ERROR 410 re-lists at once, not older than what is known", async (t) => {
  for (const reason of ["Expired", "Gone"]) {
    await t.step(reason, async () => {
      await using fixture = informerFixture();
      const { informer, server, events } = fixture;
      server.put("a", "1");
      server.watchFaults.push(() => streamOf(errorLine(410, reason), "open"));
      informer.start();
      await settle();
      assert.deepEqual(server.log, ["list@0", "watch@101", "list@101", "watch@101"]);
      const relist = server.transport.requests[2]?.query;
      assert.equal(relist?.get("resourceVersionMatch"), "NotOlderThan");
      assert.equal(relist?.get("limit"), null);
      assert.deepEqual(events, ["added a=1", "synced", "synced"]);
    });
  }
});

Deno.test("informer row 7: a watch answered 410 re-lists at once", async () => {
  await using fixture = informerFixture();
  const { informer, server, events } = fixture;
  server.put("a", "1");
  informer.start();
  await settle();
  server.put("a", "2");
  await settle();
  server.streams[0]?.end();
  server.watchFaults.push(gone);
  await settle();
  assert.deepEqual(server.log, ["list@0", "watch@101", "watch@102", "list@102", "watch@102"]);
  assert.deepEqual(events, ["added a=1", "synced", "updated a=2", "synced"]);
});

Deno.test("informer row 8: endless 410 backs off from the second one on", async () => {
  await using fixture = informerFixture();
  const { informer, server, clock } = fixture;
  server.everyWatch = gone;
  informer.start();
  await settle();
  for (let i = 0; i < 4; i++) await clock.advanceToNext();
  const times = fixture.watchTimes();
  const gaps = times.slice(1).map((time, i) => Math.round(time - (times[i] ?? 0)));
  assert.deepEqual(gaps, [0, 800, 1600, 3200, 6400]);
});

Deno.test("informer row 9: an ERROR 429 waits as long as it asks, then watches on", async () => {
  await using fixture = informerFixture();
  const { informer, server, clock } = fixture;
  const details = { retryAfterSeconds: 7 };
  server.watchFaults.push(() => streamOf(errorLine(429, "TooManyRequests", { details })));
  informer.start();
  await settle();
  await clock.advance(6999);
  assert.deepEqual(server.log, ["list@0", "watch@100"]);
  await clock.advance(1);
  assert.deepEqual(server.log, ["list@0", "watch@100", "watch@100"]);
});

Deno.test("informer row 10: ERROR 500 backs off for a minute, then lists", async () => {
  await using fixture = informerFixture();
  const { informer, server, clock, events } = fixture;
  server.everyWatch = () => streamOf(errorLine(500, "InternalError"));
  informer.start();
  await settle();
  while (server.log.filter((entry) => entry.startsWith("list")).length < 2) {
    assert.ok(clock.monotonic() < 200_000);
    await clock.advanceToNext();
  }
  const relistMs = server.transport.requests.at(-2)?.atMs ?? 0;
  assert.ok(relistMs >= 60_000 && relistMs < 120_000, String(relistMs));
  assert.deepEqual(events.slice(0, 2), ["synced", "error"]);
  assert.equal(events.filter((event) => event === "error").length, 1);
});

Deno.test("informer row 11: an ERROR 403 is told, denied, and listed after a backoff", async () => {
  await using fixture = informerFixture();
  const { informer, server, clock, events } = fixture;
  server.watchFaults.push(() => streamOf(errorLine(403, "Forbidden")));
  informer.start();
  await settle();
  assert.equal(informer.state, "denied");
  assert.deepEqual(events, ["synced", "error"]);
  await clock.advance(800);
  assert.deepEqual(server.log, ["list@0", "watch@100", "list@100", "watch@100"]);
  assert.equal(informer.state, "watching");
});

Deno.test("informer row 12: bookmarks move the version to resume from", async () => {
  await using fixture = informerFixture();
  const { informer, server, clock, events } = fixture;
  informer.start();
  await settle();
  for (let minute = 1; minute <= 10; minute++) {
    await clock.advance(60_000);
    server.streams.at(-1)?.write(bookmark(String(200 + minute)));
    if (minute === 5) server.streams.at(-1)?.end();
    await settle();
  }
  server.streams.at(-1)?.end("connection");
  await settle();
  assert.equal(server.log.at(-1), "watch@210");
  assert.deepEqual(events, ["synced"]);
});

Deno.test("informer row 13: a bookmark without a version is ignored", async () => {
  await using fixture = informerFixture();
  const { informer, server } = fixture;
  informer.start();
  await settle();
  server.streams[0]?.write(bookmark(undefined));
  server.streams[0]?.end();
  await settle();
  assert.equal(server.log.at(-1), "watch@100");
  assert.equal(informer.lastSyncResourceVersion, "100");
});

Deno.test("informer row 14: a watch answered 429 waits for Retry-After", async () => {
  await using fixture = informerFixture();
  const { informer, server, clock, events } = fixture;
  server.watchFaults.push(() => status(429, "TooManyRequests", {}, { "retry-after": "3" }));
  informer.start();
  await settle();
  await clock.advance(2999);
  assert.deepEqual(server.log, ["list@0", "watch@100"]);
  await clock.advance(1);
  assert.deepEqual(server.log, ["list@0", "watch@100", "watch@100"]);
  assert.deepEqual(events, ["synced"]);
});

Deno.test("informer row 15: a watch answered 503 backs off, keeps its store, tells once", async () => {
  for (const random of [0, 0.999]) {
    await using fixture = informerFixture({}, { random: () => random });
    const { informer, server, clock, events, log } = fixture;
    server.put("a", "1");
    server.everyWatch = () => status(503, "ServiceUnavailable");
    informer.start();
    await settle();
    for (let i = 0; i < 8; i++) await clock.advanceToNext();
    const times = fixture.watchTimes();
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    for (const [i, gap] of gaps.entries()) {
      const least = Math.min(800 * 2 ** i, 30_000);
      assert.ok(gap >= least && gap <= Math.min(least * 2, 30_000), `${i}: ${gap}`);
    }
    assert.deepEqual(fixture.state(), { a: "1" });
    assert.equal(informer.state, "backoff");
    server.everyWatch = undefined;
    await clock.advanceToNext();
    await clock.advance(1000);
    assert.deepEqual(events, ["added a=1", "synced", "error"]);
    assert.equal(log.messages().filter((text) => text === "informer recovered").length, 1);
    assert.equal(server.log.filter((entry) => entry.startsWith("list")).length, 1);
  }
});

Deno.test("informer row 33: headers that never come end after 60 s with a backoff", async () => {
  await using fixture = informerFixture();
  const { informer, server, clock } = fixture;
  server.watchFaults.push(() => new Promise<never>(() => {}));
  informer.start();
  await settle();
  await clock.advance(60_799);
  assert.equal(server.log.length, 2);
  await clock.advance(1);
  assert.deepEqual(server.log, ["list@0", "watch@100", "watch@100"]);
});

Deno.test("informer row 34: a version in the future is retried once, then listed without it", async () => {
  await using fixture = informerFixture();
  const { informer, server, clock, events } = fixture;
  server.put("a", "1");
  server.put("b", "1");
  informer.start();
  await settle();
  server.delete("b");
  await settle();
  const details = { causes: [{ reason: "ResourceVersionTooLarge" }], retryAfterSeconds: 2 };
  const tooLarge = () => status(504, "Timeout", { details });
  server.watchFaults.push(tooLarge, tooLarge);
  const stream = server.streams[0];
  server.restore(50);
  server.put("a", "old");
  stream?.end("connection");
  await settle();
  await clock.advance(2000);
  assert.deepEqual(
    server.log,
    ["list@0", "watch@102", "watch@103", "watch@103", "list@", "watch@51"],
  );
  assert.deepEqual(fixture.state(), { a: "old" });
  assert.deepEqual(events.slice(-1), ["synced"]);
});

Deno.test("informer row 37: a clock that jumps by an hour changes no wait", async () => {
  await using fixture = informerFixture();
  const { informer, server, clock } = fixture;
  const wall = clock.now.bind(clock);
  server.watchFaults.push(() => status(503, "ServiceUnavailable"));
  informer.start();
  await settle();
  for (const jumpMs of [3_600_000, -3_600_000]) {
    clock.now = () => wall() + jumpMs;
    await clock.advance(399);
  }
  assert.equal(server.log.length, 2);
  await clock.advance(2);
  assert.equal(server.log.length, 3);
});

function bookmark(resourceVersion: string | undefined): string {
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { resourceVersion } };
  return `${JSON.stringify({ type: "BOOKMARK", object })}\n`;
}
