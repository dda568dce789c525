/**
 * The ring's wire against what the replaced program's group cache (mailgun/groupcache 1.3.0) sent: its answers
 * byte for byte, its request lines, and kcfg's own answers to them.
 */

import assert from "node:assert/strict";
import { silentLogger } from "#lib/log/logger.ts";
import { systemClock } from "#lib/run/clock.ts";
import { startReplica, testBackend } from "#tests/support/replicas.ts";
import { rawHttp } from "#tests/support/raw_http.ts";
import { PeerClient } from "../../../commands/serve-config/ring/peer_client.ts";
import { PeerSet } from "../../../commands/serve-config/ring/peer_set.ts";
import { createPeerTransport } from "../../../commands/serve-config/ring/peer_transport.ts";
import { parseTarget, targetOf } from "../../../commands/serve-config/ring/target.ts";
import RECORDED from "./group_cache.json" with { type: "json" };

/** A peer that answers every request with recorded bytes. */
function replaying(hex: string) {
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
    { clock: systemClock },
  );
  const client = new PeerClient({
    transport,
    secret: undefined,
    clock: systemClock,
    log: silentLogger,
  });
  const url = `http://127.0.0.1:${listener.addr.port}`;
  const peers = new PeerSet({ self: "http://self:1", kind: "seed" }, { clock: systemClock });
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

const { answers, requests } = RECORDED;

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
