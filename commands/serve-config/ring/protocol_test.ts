/** The ring's small parts: messages, targets, circuits, secrets, who is a member. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { silentLogger } from "#lib/log/logger.ts";
import { ManualClock } from "#tests/support/clock.ts";
import { Circuit } from "./circuit.ts";
import { findOwnAddress, peerUrl } from "./own_url.ts";
import { createPeerSecret } from "./peer_secret.ts";
import { PeerSet } from "./peer_set.ts";
import { isMember } from "./pod_discovery.ts";
import type { Pod } from "./pod_discovery.ts";
import { parseTarget, targetOf } from "./target.ts";
import { decodeMessage, encodeMessage } from "./wire.ts";

const VALUE = new TextEncoder().encode("k: v\n");

Deno.test("messages have the bytes of the specification", () => {
  const none = encodeMessage({ value: VALUE, expiresAtMs: undefined });
  assert.equal(none.toHex(), "0a056b3a20760a1800");
  const at = Uint8Array.fromHex("0a056b3a20760a18959a97ece39fe7cb17");
  assert.equal(decodeMessage(at).expiresAtMs, 1_700_000_000_123.456);
  const meta = encodeMessage({ value: VALUE, expiresAtMs: undefined, meta: { at: 5 } });
  assert.ok(meta.toHex().startsWith("0a056b3a20760a1800ca3e"));
});

Deno.test("messages are read whatever else is in them", () => {
  // Field 2 as a float, an unknown field, no expiry.
  const bytes = Uint8Array.fromHex("11000000000000f03f" + "2a0141" + "0a0162");
  const { value, expiresAtMs } = decodeMessage(bytes);
  assert.deepEqual([new TextDecoder().decode(value), expiresAtMs], ["b", undefined]);
  assert.equal(decodeMessage(new Uint8Array()).value.length, 0);
  assert.throws(() => decodeMessage(Uint8Array.fromHex("1005")), /modernprogram/);
  assert.throws(() => decodeMessage(Uint8Array.fromHex("0aff")), SyntaxError);
});

Deno.test("messages come back as they went, and no bytes break the reader", () => {
  const message = fc.record({
    value: fc.uint8Array({ maxLength: 50 }).map((bytes) => new Uint8Array(bytes)),
    expiresAtMs: fc.option(fc.integer({ min: 1, max: 4e12 }), { nil: undefined }),
    meta: fc.option(
      fc.record({
        at: fc.nat(),
        rem: fc.nat(),
        lm: fc.nat(),
        ct: fc.string(),
        stale: fc.boolean(),
      }),
      { nil: undefined },
    ),
  });
  fc.assert(fc.property(message, (it) =>
    assert.deepEqual(decodeMessage(encodeMessage(it)), {
      ...it,
      meta: it.meta && { ...it.meta },
    })));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
    try {
      decodeMessage(bytes);
    } catch (error) {
      assert.ok(error instanceof SyntaxError, String(error));
    }
  }));
});

Deno.test("targets carry any key there and back", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (key) => {
    if (!key.isWellFormed()) return;
    assert.deepEqual(parseTarget(targetOf(key), { fromKcfg: true }), {
      kind: "key",
      group: "configfiles",
      key,
    });
  }));
  assert.deepEqual(parseTarget("/x", { fromKcfg: false }), { kind: "outside" });
  assert.deepEqual(parseTarget("/_groupcache/g", { fromKcfg: false }), { kind: "malformed" });
  assert.deepEqual(parseTarget("/_groupcache/g/%ff", { fromKcfg: false }), { kind: "malformed" });
});

Deno.test("a circuit opens after three failures in a row, for longer and longer", async () => {
  const clock = new ManualClock();
  const circuit = new Circuit({ clock });
  circuit.failed();
  circuit.failed();
  assert.ok(!circuit.isOpen);
  circuit.succeeded();
  for (let times = 0; times < 3; times++) circuit.failed();
  const openMs: number[] = [];
  for (let times = 0; times < 8; times++) {
    let ms = 0;
    while (!circuit.isDue) {
      await clock.advance(500);
      ms += 500;
    }
    openMs.push(ms);
    assert.ok(circuit.isOpen, "due is not closed: nobody waits for a peer to come back");
    circuit.failed();
  }
  assert.deepEqual(openMs, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  circuit.succeeded();
  assert.ok(!circuit.isOpen);
  circuit.silent();
  assert.ok(circuit.isOpen, "silence that was looked into needs no second");
});

Deno.test("a peer secret proves this request, now, under either line of the file", async () => {
  const clock = new ManualClock();
  const lines = ["new", "old"];
  const secret = createPeerSecret(() => Promise.resolve(lines), { clock });
  const header = await secret.sign("GET", "/t");
  assert.match(header, /^Kcfg-Ring 1700000000:[0-9a-f]{64}$/);
  assert.ok(await secret.verify(header, "GET", "/t"));
  assert.ok(!await secret.verify(header, "DELETE", "/t"));
  assert.ok(!await secret.verify(header, "GET", "/other"));
  assert.ok(!await secret.verify(null, "GET", "/t"));
  assert.ok(!await secret.verify("Kcfg-Ring x:y", "GET", "/t"));
  lines.reverse();
  assert.ok(await secret.verify(header, "GET", "/t"));
  lines.splice(0, 2, "other");
  assert.ok(!await secret.verify(header, "GET", "/t"));
  lines.splice(0, 1, "new");
  await clock.advance(60_000);
  assert.ok(await secret.verify(header, "GET", "/t"));
  await clock.advance(1000);
  assert.ok(!await secret.verify(header, "GET", "/t"));
});

Deno.test("peers that stay keep what is known of them; owners are those of the specification", async () => {
  const set = new PeerSet({ self: "http://10.0.0.1:5000", kind: "seed" }, {
    clock: new ManualClock(),
  });
  assert.equal(await set.owner("/deploy.yml"), undefined);
  const [second] = set.replace(["http://10.0.0.1:5000", "http://10.0.0.2:5000"]) ?? [];
  assert.ok(second);
  second.isKcfg = true;
  assert.equal(set.replace(["http://10.0.0.2:5000"]), undefined, "nothing changed");
  set.replace(["http://10.0.0.2:5000", "http://10.0.0.3:5000"]);
  assert.ok(set.others[0]?.isKcfg);
  assert.equal((await set.owner("/foo/default/main"))?.url, "http://10.0.0.3:5000");
  assert.equal((await set.owner("/foo/default"))?.url, "http://10.0.0.2:5000");
  assert.equal(await set.owner("/deploy.yml"), undefined, "its own");
});

Deno.test("pods are members when ready, addressed and staying", () => {
  const ready = { type: "Ready", status: "True" };
  const pod = (status: Pod["status"], metadata: object = {}): Pod =>
    ({ metadata: { name: "p", ...metadata }, status }) as Pod;
  assert.ok(isMember(pod({ podIP: "10.0.0.1", phase: "Running", conditions: [ready] })));
  assert.ok(!isMember(pod({ podIP: "10.0.0.1", conditions: [{ ...ready, status: "False" }] })));
  assert.ok(!isMember(pod({ conditions: [ready] })));
  assert.ok(!isMember(pod({ podIP: "10.0.0.1", phase: "Succeeded", conditions: [ready] })));
  const leaving = { deletionTimestamp: "2026-01-01T00:00:00Z" };
  assert.ok(!isMember(pod({ podIP: "10.0.0.1", conditions: [ready] }, leaving)));
});

Deno.test("the own address is the pod's, or the first of the host name, asked for until it is there", async () => {
  assert.equal(peerUrl("10.0.0.1", 5000), "http://10.0.0.1:5000");
  assert.equal(peerUrl("fd00::1", 5000), "http://[fd00::1]:5000");
  const clock = new ManualClock();
  const deps = { clock, log: silentLogger, signal: new AbortController().signal };
  const readHostname = () => Promise.resolve("pod");
  const lookup = () => Promise.reject(new Error("not yet"));
  const given = await findOwnAddress({ podIp: "10.0.0.9", readHostname, lookup }, deps);
  assert.equal(given, "10.0.0.9");
  const answers = [
    () => Promise.reject(new Error("no")),
    () => Promise.resolve([]),
    () => Promise.resolve(["10.0.0.1", "10.0.0.2"]),
  ];
  const finding = findOwnAddress({
    podIp: undefined,
    readHostname,
    lookup: () => answers.shift()?.() ?? Promise.resolve([]),
  }, deps);
  await clock.advance(5000);
  await clock.advance(5000);
  assert.equal(await finding, "10.0.0.1");
});
