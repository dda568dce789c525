/** Rows of the watch fault table about what comes over the stream; "row" is `kube-client.md` 11. */

import assert from "node:assert/strict";
import { settle } from "#tests/support/clock.ts";
import { informerFixture } from "#tests/support/informer_fixture.ts";
import { streamOf } from "#tests/support/scripted_collection.ts";

for (const kind of ["connection", "reset"] as const) {
  const row = kind === "connection" ? "3: a TCP reset" : "4: a stream reset";
  Deno.test(`informer row ${row} in the middle of a line loses and repeats nothing`, async () => {
    await using fixture = informerFixture();
    const { informer, server, events } = fixture;
    informer.start();
    await settle();
    const stream = server.streams[0];
    server.streams.length = 0;
    server.put("a", "1");
    stream?.write(server.line("ADDED", "a").slice(0, 40));
    stream?.end(kind);
    await settle();
    assert.deepEqual(server.log, ["list@0", "watch@100", "watch@100"]);
    assert.deepEqual(events, ["synced", "added a=1"]);
  });
}

Deno.test("informer row 5: a last object without its newline is not applied", async () => {
  await using fixture = informerFixture();
  const { informer, server, events } = fixture;
  informer.start();
  await settle();
  const stream = server.streams[0];
  server.streams.length = 0;
  server.put("a", "1");
  stream?.write(server.line("ADDED", "a").trimEnd());
  stream?.end();
  await settle();
  assert.deepEqual(server.log, ["list@0", "watch@100", "watch@100"]);
  assert.deepEqual(events, ["synced", "added a=1"]);
});

Deno.test("informer row 22: a malformed line is never skipped", async () => {
  await using fixture = informerFixture();
  const { informer, server, clock, events } = fixture;
  server.everyWatch = (request) =>
    streamOf(request.query.get("resourceVersion") === "100" ? 'oops"\n' : "", "open");
  informer.start();
  await settle();
  // First from the same version, then by a list, then with a backoff and an error.
  assert.deepEqual(server.log, ["list@0", "watch@100", "watch@100", "list@100", "watch@100"]);
  assert.deepEqual(events, ["synced", "synced", "error"]);
  server.put("a", "1");
  await clock.advance(800);
  assert.deepEqual(server.log.slice(5), ["list@100", "watch@101"]);
  assert.deepEqual(events.slice(3), ["added a=1", "synced"]);
});

Deno.test("informer row 23: an unknown event type is ignored after three in a row", async () => {
  await using fixture = informerFixture();
  const { informer, server, events, log } = fixture;
  server.everyWatch = (request) => {
    const answer = server.watch(request);
    server.streams.at(-1)?.write('{"type":"FOO","object":{}}\n');
    return answer;
  };
  informer.start();
  await settle();
  assert.deepEqual(
    server.log,
    ["list@0", "watch@100", "watch@100", "list@100", "watch@100", "watch@100"],
  );
  server.put("a", "1");
  await settle();
  assert.deepEqual(events, ["synced", "synced", "added a=1"]);
  assert.ok(log.messages("warn").includes("ignoring an unknown watch event type"));
});

Deno.test("informer row 24: a line over the limit is dropped, logged, and listed instead", async () => {
  await using fixture = informerFixture();
  const { informer, server, events, log } = fixture;
  informer.start();
  await settle();
  server.put("a", "x".repeat(20 * 1024 * 1024));
  await settle();
  assert.deepEqual(server.log, ["list@0", "watch@100", "watch@100", "list@100", "watch@101"]);
  assert.equal(events.length, 3);
  assert.equal(fixture.state()["a"]?.length, 20 * 1024 * 1024);
  assert.deepEqual(log.messages("error"), ["watch stream undecodable", "watch stream undecodable"]);
});

Deno.test("informer row 25: events are decoded however their bytes are cut", async () => {
  await using fixture = informerFixture();
  const { informer, server, events } = fixture;
  informer.start();
  await settle();
  const stream = server.streams[0];
  server.streams.length = 0;
  server.put("a", "ä€𝄞");
  server.put("b", "1");
  server.put("c", "y".repeat(500));
  const [a, b, c] = ["a", "b", "c"].map((name) => server.line("ADDED", name));
  const bytes = new TextEncoder().encode(`${a}${b}`);
  // Inside the two-byte, the three-byte and the four-byte character.
  const at = new TextEncoder().encode(a?.slice(0, a.indexOf("ä"))).length;
  for (const [from, to] of [[0, at + 1], [at + 1, at + 3], [at + 3, at + 7], [at + 7, undefined]]) {
    stream?.write(bytes.subarray(from, to));
  }
  const long = new TextEncoder().encode(c);
  const size = Math.ceil(long.length / 50);
  for (let from = 0; from < long.length; from += size) {
    stream?.write(long.subarray(from, from + size));
  }
  await settle();
  assert.deepEqual(events, ["synced", "added a=ä€𝄞", "added b=1", `added c=${"y".repeat(500)}`]);
});

Deno.test("informer row 32: a watch answered with HTML is closed and tried later", async () => {
  await using fixture = informerFixture();
  const { informer, server, clock, events } = fixture;
  server.put("a", "1");
  server.watchFaults.push(() => ({ headers: { "content-type": "text/html" }, body: "<html>" }));
  informer.start();
  await settle();
  assert.equal(informer.state, "backoff");
  assert.deepEqual(events, ["added a=1", "synced", "error"]);
  await clock.advance(800);
  assert.deepEqual(server.log, ["list@0", "watch@101", "watch@101"]);
});

Deno.test("informer row 39: an event at a known version counts only when something differs", async () => {
  await using fixture = informerFixture();
  const { informer, server, events } = fixture;
  server.put("a", "1");
  informer.start();
  await settle();
  const line = server.line("MODIFIED", "a");
  server.streams[0]?.write(line);
  server.streams[0]?.write(line.replace('"value":"1"', '"value":"2"'));
  await settle();
  assert.deepEqual(events, ["added a=1", "synced", "updated a=2"]);
});

Deno.test("informer ignores objects of another kind and does not advance", async () => {
  await using fixture = informerFixture();
  const { informer, server, events } = fixture;
  server.put("a", "1");
  informer.start();
  await settle();
  const other = server.line("MODIFIED", "a").replace('"ConfigMap"', '"Table"').replace(
    "101",
    "500",
  );
  server.streams[0]?.write(other);
  await settle();
  assert.deepEqual(events, ["added a=1", "synced"]);
  assert.equal(informer.lastSyncResourceVersion, "101");
});
