/** What a channel is told while its API server misbehaves: rows 9 to 13, 15 and 17 of resolve.md 17, without sockets. */

import assert from "node:assert/strict";
import { resolverFixture } from "#tests/support/resolver_fixture.ts";
import { errorLine, status } from "#tests/support/scripted_collection.ts";
import type { Answer } from "#tests/support/scripted_transport.ts";

const MINUTE = 60_000;
/** An answer that does not come. */
const never = () => new Promise<Answer>(() => {});

Deno.test("row 9: a slice without ports or endpoints is an error of calls, not of the program", async () => {
  for (const target of ["kubernetes:///web.prod", "kubernetes:///web.prod:grpc"]) {
    await using fixture = resolverFixture({ target });
    const { clock, resolver, told } = fixture;
    fixture.put("web-1", { ports: null, endpoints: null });
    resolver.updateResolution();
    await clock.advance(100);
    assert.match(told.at(-1) ?? "", /^error: kubernetes: service "prod\/web": 0 of 0 endpoints/);
    fixture.put("web-1", { ports: null, endpoints: ["10.0.0.1"] });
    await clock.advance(MINUTE);
    assert.match(told.at(-1) ?? "", /^error: .*(no usable port|no port named "grpc")/);
    fixture.put("web-2", { endpoints: ["10.0.0.2"] });
    await clock.advance(100);
    assert.equal(told.at(-1), "10.0.0.2:50051");
  }
});

Deno.test("row 10: a watch that ends after five minutes is resumed, unnoticed by gRPC", async () => {
  await using fixture = resolverFixture();
  const { clock, server, resolver, told } = fixture;
  fixture.put("web-1", { endpoints: ["10.0.0.1"] });
  resolver.updateResolution();
  await clock.advance(5 * MINUTE);
  server.streams.at(-1)?.end();
  // The change happens while no watch is open: nothing may be lost with it.
  fixture.put("web-1", { endpoints: ["10.0.0.1", "10.0.0.2"] });
  await clock.advance(0);
  assert.deepEqual(fixture.requests(), ["list@", "watch@101", "watch@101"]);
  assert.deepEqual(told, ["10.0.0.1:50051", "10.0.0.1:50051 10.0.0.2:50051"]);
});

Deno.test("row 11: 410 is answered by one list and one update of all that was missed", async () => {
  await using fixture = resolverFixture();
  const { clock, server, resolver, told } = fixture;
  fixture.put("web-1", { endpoints: ["10.0.0.1"] });
  resolver.updateResolution();
  await clock.advance(MINUTE);
  const [stream] = server.streams.splice(0);
  fixture.put("web-1", { endpoints: ["10.0.0.3"] });
  fixture.put("web-2", { endpoints: ["10.0.0.4"] });
  server.compact();
  stream?.write(errorLine(410, "Expired"));
  stream?.end();
  await clock.advance(0);
  assert.deepEqual(fixture.requests(), ["list@", "watch@101", "list@101", "watch@103"]);
  assert.deepEqual(told, ["10.0.0.1:50051", "10.0.0.3:50051 10.0.0.4:50051"]);
});

Deno.test("row 12: an API server that comes after the channel is found by the channel", async () => {
  await using fixture = resolverFixture();
  const { clock, server, resolver, told } = fixture;
  fixture.put("web-1", { endpoints: ["10.0.0.1"] });
  server.everyList = () => ({ error: "connect" });
  resolver.updateResolution();
  assert.deepEqual(told, []);
  await clock.advance(100);
  assert.match(told[0] ?? "", /^error: kubernetes: service "prod\/web": API server unreachable: /);
  await clock.advance(4900);
  server.everyList = undefined;
  // gRPC asks again as often as it is called; the answer does not wait for a long backoff.
  for (let second = 0; second < 2; second++) {
    resolver.updateResolution();
    await clock.advance(1000);
  }
  assert.equal(told.at(-1), "10.0.0.1:50051");
});

Deno.test("row 13: ten minutes without an API server change nothing", async () => {
  await using fixture = resolverFixture();
  const { clock, server, resolver, told } = fixture;
  fixture.put("web-1", { endpoints: ["10.0.0.1"] });
  resolver.updateResolution();
  await clock.advance(MINUTE);
  server.everyList = server.everyWatch = () => ({ error: "connect" });
  server.streams.at(-1)?.end("connection");
  for (let second = 0; second < 600; second += 10) {
    await clock.advance(10_000);
    // Lost connections to pods make gRPC ask meanwhile.
    resolver.updateResolution();
  }
  assert.deepEqual(told, ["10.0.0.1:50051"]);
  server.everyList = server.everyWatch = undefined;
  fixture.put("web-1", { endpoints: ["10.0.0.2"] });
  await clock.advance(30_000);
  assert.deepEqual(told, ["10.0.0.1:50051", "10.0.0.2:50051"]);
});

Deno.test("row 15: gRPC that asks on every failed connection is told a list once, an error once a second", async () => {
  await using fixture = resolverFixture();
  const { clock, server, resolver, told } = fixture;
  fixture.put("web-1", { endpoints: ["10.0.0.1"] });
  resolver.updateResolution();
  await clock.advance(10);
  const ask = async () => {
    for (let ms = 0; ms < 3000; ms += 50) {
      for (let again = 0; again < 100; again++) resolver.updateResolution();
      await clock.advance(50);
    }
  };
  await ask();
  assert.deepEqual(told, ["10.0.0.1:50051"]);
  server.delete("web-1");
  await clock.advance(100);
  const before = told.length;
  await ask();
  assert.ok(told.length - before >= 2 && told.length - before <= 4, told.join("\n"));
});

Deno.test("row 17: destroy closes the watch, tells nothing, and a later call begins anew", async () => {
  await using fixture = resolverFixture();
  const { clock, server, resolver, told } = fixture;
  fixture.put("web-1", { endpoints: ["10.0.0.1"] });
  resolver.updateResolution();
  await clock.advance(100);
  resolver.destroy();
  await clock.advance(0);
  assert.ok(server.streams.at(-1)?.cancelled);
  fixture.put("web-1", { endpoints: ["10.0.0.2"] });
  await clock.advance(10 * MINUTE);
  assert.deepEqual(told, ["10.0.0.1:50051"]);
  assert.deepEqual(fixture.requests(), ["list@", "watch@101"]);
  resolver.updateResolution();
  assert.equal(told.length, 1);
  await clock.advance(100);
  assert.deepEqual(told, ["10.0.0.1:50051", "10.0.0.2:50051"]);
  assert.deepEqual(fixture.requests().slice(2), ["list@", "watch@102"]);
});

Deno.test("a refused source of slices is asked for again every ten minutes, beside the one in use", async () => {
  const object = {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: "web", namespace: "prod", resourceVersion: "7" },
    subsets: [{ addresses: [{ ip: "10.0.0.9" }], ports: [{ name: "grpc", port: 50051 }] }],
  };
  await using fixture = resolverFixture({
    elsewhere: ({ path, query }) => {
      if (path.endsWith("/endpoints/web")) return { body: JSON.stringify(object) };
      return query.has("watch") ? never() : status(404, "NotFound");
    },
  });
  const { clock, server, resolver, told } = fixture;
  fixture.put("web-1", { endpoints: ["10.0.0.1"] });
  server.everyList = server.everyWatch = () => status(403, "Forbidden");
  resolver.updateResolution();
  await clock.advance(1000);
  assert.deepEqual(told, ["10.0.0.9:50051"]);
  const asked = () => fixture.requests().length;
  const once = asked();
  for (let round = 1; round <= 3; round++) {
    await clock.advance(10 * MINUTE);
    assert.ok(asked() > once + round - 1, `round ${round}: ${asked()}`);
  }
  assert.deepEqual(told, ["10.0.0.9:50051"]);
  server.everyList = server.everyWatch = undefined;
  await clock.advance(11 * MINUTE);
  assert.deepEqual(told, ["10.0.0.9:50051", "10.0.0.1:50051"]);
  const settled = asked();
  await clock.advance(20 * MINUTE);
  assert.equal(fixture.requests().slice(settled).filter((one) => one === "list@").length, 0);
});

Deno.test("ChannelResolver goes on by lists where a watch is denied, and does not call that recovered", async () => {
  await using fixture = resolverFixture();
  const { clock, server, resolver, told, log } = fixture;
  fixture.put("web-1", { endpoints: ["10.0.0.1"] });
  server.everyWatch = () => status(403, "Forbidden");
  resolver.updateResolution();
  await clock.advance(10_000);
  assert.deepEqual(told, ["10.0.0.1:50051"]);
  const again = () => log.messages("info").filter((text) => text.includes("gives endpoints again"));
  assert.equal(log.messages("warn").filter((text) => text.includes("gives nothing")).length, 1);
  assert.deepEqual(again(), []);
  fixture.put("web-1", { endpoints: ["10.0.0.2"] });
  await clock.advance(60_000);
  assert.deepEqual(told.slice(1), ["10.0.0.2:50051"]);
  assert.deepEqual(again(), []);
  server.everyWatch = undefined;
  await clock.advance(60_000);
  assert.equal(again().length, 1);
});
