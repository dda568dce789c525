/**
 * The ring's wire against what the replaced program sent: the answers of its group cache (mailgun/groupcache 1.3.0)
 * byte for byte, the requests of the whole program (kubeconfigserver 0.5.0) when it shared a ring with kcfg, and
 * kcfg's own answers to them.
 */

import assert from "node:assert/strict";
import { silentLogger } from "#lib/log/logger.ts";
import { systemClock } from "#lib/run/clock.ts";
import type { Clock } from "#lib/run/clock.ts";
import { ManualClock } from "#tests/support/clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import { startReplica, testBackend } from "#tests/support/replicas.ts";
import { rawHttp } from "#tests/support/raw_http.ts";
import { PeerClient } from "../../../commands/serve-config/ring/peer_client.ts";
import { PeerSet } from "../../../commands/serve-config/ring/peer_set.ts";
import { createPeerTransport } from "../../../commands/serve-config/ring/peer_transport.ts";
import { parseTarget, targetOf } from "../../../commands/serve-config/ring/target.ts";
import { decodeMessage } from "../../../commands/serve-config/ring/wire.ts";
import RECORDED from "./group_cache.json" with { type: "json" };

/** A peer that answers every request with recorded bytes. */
function replaying(hex: string, clock: Clock = systemClock) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const done = (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(4096));
      await connection.write(Uint8Array.fromHex(hex));
      connection.close();
    }
  })();
  const transport = createPeerTransport(
    { connectTimeoutMs: 1000, timeoutMs: 4000, maxBytes: 1e6 },
    { clock },
  );
  const client = new PeerClient({
    transport,
    secret: undefined,
    clock,
    log: silentLogger,
  });
  const url = `http://127.0.0.1:${listener.addr.port}`;
  const peers = new PeerSet({ self: "http://self:1", kind: "seed" }, { clock });
  const [peer] = peers.replace([url]) ?? [];
  assert.ok(peer);
  return {
    peer,
    client,
    fetch: () => client.fetch(peer, "/a.yml", { signal: new AbortController().signal }),
    async [Symbol.asyncDispose]() {
      transport.close();
      listener.close();
      await done;
    },
  };
}

const { answers, requests, program } = RECORDED;

Deno.test("an object of a Go replica is taken over, with and without expiry, whole or chunked", async (t) => {
  const cases: [keyof typeof answers, string, boolean][] = [
    ["plain", "k: v\n", false],
    ["empty", "", false],
    ["large", "0123456789abcdef".repeat(256), false],
    ["expiring", "k: v\n", true],
  ];
  for (const [name, text, expires] of cases) {
    await t.step(name, async () => {
      await using go = replaying(answers[name]);
      const answer = await go.fetch();
      assert.ok(answer?.kind === "entry");
      assert.equal(new TextDecoder().decode(answer.entry.bytes), text);
      assert.equal(answer.entry.expiresAtMs !== undefined, expires);
      assert.ok(go.peer.isKcfg === false);
    });
  }
});

Deno.test("of a Go replica's errors only that an object is missing is believed", async () => {
  await using missing = replaying(answers.missing);
  assert.deepEqual(await missing.fetch(), { kind: "missing" });
  for (const name of ["noGroup", "malformed"] as const) {
    await using other = replaying(answers[name]);
    await assert.rejects(other.fetch(), /answered 40[04]/);
  }
});

Deno.test("a Go replica takes a DELETE and does not understand an invalidation", async () => {
  await using deleted = replaying(answers.deleted);
  await deleted.client.delete(deleted.peer, "/a.yml");
  await using unknown = replaying(answers.noGroup);
  const event = { id: "1", origin: "http://self:1", keys: [] };
  assert.ok(!await unknown.client.invalidate(unknown.peer, event));
});

Deno.test("a Go replica that is asked whether it is there answers, and that is a sign of life", async () => {
  assert.deepEqual(answerOf(Uint8Array.fromHex(program.ping)), {
    status: "404",
    type: "text/plain; charset=utf-8",
    body: "no such group: _kcfg\n",
  });
  const clock = new ManualClock();
  await using go = replaying(program.ping, clock);
  go.peer.circuit.silent();
  await clock.advance(1000);
  assert.ok(!go.client.isReachable(go.peer), "not before it answered");
  await eventually("it answered", () => go.client.isReachable(go.peer));
});

Deno.test("kcfg answers the requests of the whole program as it sent them", async () => {
  const objects = new Map([["/#r 1.yml", "value of its key"], ["/#r 3.yml", "old"]]);
  await using backend = testBackend();
  backend.answer = (request) =>
    new Response(objects.get(decodeURIComponent(new URL(request.url).pathname)));
  await using replica = await startReplica({ backend: backend.url });
  const send = async (request: string) => {
    const ring = { hostname: "127.0.0.1", port: replica.addresses.ring.port };
    // Sent as recorded but for the connection, which the test does not keep.
    const closing = request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    return answerOf(new TextEncoder().encode(await rawHttp(ring, closing)));
  };
  const got = await send(program.get.request);
  assert.deepEqual([got.status, got.type], ["200", "application/x-protobuf"]);
  const message = decodeMessage(new TextEncoder().encode(got.body));
  assert.equal(new TextDecoder().decode(message.value), objects.get(program.get.key));
  assert.equal(message.meta, undefined, "nothing that Go does not know");
  const path = encodeURI(program.delete.key).replaceAll("#", "%23");
  assert.equal(await replica.text(path), "old");
  objects.set(program.delete.key, "new");
  assert.equal(await replica.text(path), "old");
  assert.equal((await send(program.delete.request)).status, "200");
  assert.equal(await replica.text(path), "new");
});

Deno.test("the request lines of a Go replica name their keys", async (t) => {
  for (const { key, get, delete: removal } of requests) {
    await t.step(key, () => {
      for (const line of [get, removal]) {
        const path = line.split(" ")[1] ?? "";
        const parsed = parseTarget(path, { fromKcfg: false });
        assert.deepEqual(parsed, { kind: "key", group: "configfiles", key });
        // What kcfg sends differs for spaces alone, and both receivers read it alike.
        assert.equal(targetOf(key).replaceAll("%20", "+"), path);
        assert.deepEqual(parseTarget(targetOf(key), { fromKcfg: true }), parsed);
      }
    });
  }
});

/** Status line and body of a recorded or received answer, chunks joined. */
function answerOf(bytes: Uint8Array): { status: string; type: string | undefined; body: string } {
  const text = new TextDecoder("latin1").decode(bytes);
  const [head = "", ...rest] = text.split("\r\n\r\n");
  return {
    status: head.split(" ")[1] ?? "",
    type: /^content-type: (.*)$/im.exec(head)?.[1],
    body: rest.join("\r\n\r\n"),
  };
}

Deno.test("kcfg answers a Go replica byte for byte as its own kind does", async (t) => {
  await using backend = testBackend();
  backend.objects.set("/plain.yml", "k: v\n");
  backend.objects.set("/empty.yml", "");
  await using replica = await startReplica({ backend: backend.url });
  const cases: [keyof typeof answers, string, string][] = [
    ["plain", "GET", "/_groupcache/configfiles/%2Fplain.yml"],
    ["empty", "GET", "/_groupcache/configfiles/%2Fempty.yml"],
    ["missing", "GET", "/_groupcache/configfiles/%2Fnone.yml"],
    ["deleted", "DELETE", "/_groupcache/configfiles/%2Fplain.yml"],
    ["malformed", "GET", "/_groupcache/configfiles"],
  ];
  for (const [name, method, target] of cases) {
    await t.step(name, async () => {
      const got = await rawHttp(
        { hostname: "127.0.0.1", port: replica.addresses.ring.port },
        `${method} ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`,
      );
      const theirs = answerOf(Uint8Array.fromHex(answers[name]));
      const ours = answerOf(new TextEncoder().encode(got));
      assert.deepEqual({ ...ours, type: undefined }, { ...theirs, type: undefined });
      if (theirs.type !== undefined) assert.equal(ours.type, theirs.type);
    });
  }
});
