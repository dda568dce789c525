/** Who is told of a change, in which order, and what happens when one cannot be. */

import assert from "node:assert/strict";
import { silentLogger } from "#lib/log/logger.ts";
import { Metrics } from "#lib/metrics/metrics.ts";
import { ManualClock, settle } from "#tests/support/clock.ts";
import { PeerClient } from "./peer_client.ts";
import { PeerSet } from "./peer_set.ts";
import type { PeerAnswer, PeerRequest } from "./peer_transport.ts";
import { createRingMetrics } from "./ring_metrics.ts";
import { createSpreader } from "./spread.ts";

const [ONE, TWO, THREE] = [1, 2, 3].map((at) => `http://10.0.0.${at}:5000`) as [
  string,
  string,
  string,
];

function spreading(kinds: Readonly<Record<string, "kcfg" | "go" | "dead" | "mute">>) {
  const clock = new ManualClock();
  const sent: string[] = [];
  const request = (peer: string, request: PeerRequest): Promise<PeerAnswer> => {
    const { method, target, body, signal } = request;
    const what = body === undefined ? decodeURIComponent(target.split("/").at(-1) ?? "") : body;
    sent.push(`${peer.at(-6)} ${method} ${what}`);
    if (kinds[peer] === "dead") return Promise.reject(new Error("refused"));
    if (kinds[peer] === "mute") {
      return new Promise((_, reject) =>
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true })
      );
    }
    const isKcfg = kinds[peer] === "kcfg";
    const status = method === "POST" ? (isKcfg ? 204 : 404) : 200;
    return Promise.resolve({
      status,
      headers: isKcfg ? { "x-kcfg-peer": "1" } : {},
      bytes: new Uint8Array(),
    });
  };
  const peers = new PeerSet({ self: ONE, kind: "seed" }, { clock });
  peers.replace([TWO, THREE]);
  for (const peer of peers.others) peer.isKcfg = kinds[peer.url] === "kcfg";
  const client = new PeerClient({
    transport: { request, close() {} },
    secret: undefined,
    clock,
    log: silentLogger,
  });
  const metrics = new Metrics();
  const stopping = new AbortController();
  const spread = createSpreader({
    peers,
    client,
    metrics: createRingMetrics(metrics),
    clock,
    log: silentLogger,
    signal: stopping.signal,
  });
  return { spread, sent, clock, metrics, peers, stop: () => stopping.abort() };
}

Deno.test("the owner hears first, then the others, one DELETE a key at Go replicas", async () => {
  const { spread, sent } = spreading({ [TWO]: "go", [THREE]: "go" });
  // Owned by .3, .2 and this replica.
  await spread({ id: "1", keys: ["/foo/default/main", "/foo/default", "/deploy.yml"] });
  assert.deepEqual(sent.slice(0, 2).sort(), [
    "2 DELETE /foo/default",
    "3 DELETE /foo/default/main",
  ]);
  assert.deepEqual(sent.slice(2).sort(), [
    "2 DELETE /deploy.yml",
    "2 DELETE /foo/default/main",
    "3 DELETE /deploy.yml",
    "3 DELETE /foo/default",
  ]);
});

Deno.test("a replica of kcfg gets one message for the event, again when the owners have heard", async () => {
  const { spread, sent } = spreading({ [TWO]: "kcfg", [THREE]: "go" });
  await spread({ id: "1", destination: "orders:**", keys: ["/deploy.yml"] });
  const message = `2 POST ${JSON.stringify({ id: "1", origin: ONE, destination: "orders:**" })}`;
  assert.deepEqual(sent, [message, message, "3 DELETE /deploy.yml"]);
});

Deno.test("what is relayed goes to replicas of kcfg alone", async () => {
  const { spread, sent } = spreading({ [TWO]: "kcfg", [THREE]: "go" });
  await spread({ id: "1", keys: ["/deploy.yml"], kcfgOnly: true });
  assert.equal(sent.length, 1);
  assert.match(sent[0] ?? "", /^2 POST/);
});

Deno.test("a peer that is away keeps nobody waiting, is tried three times more, and counted", async () => {
  const { spread, sent, clock, metrics } = spreading({ [TWO]: "dead", [THREE]: "kcfg" });
  await spread({ id: "1", keys: ["/deploy.yml"], destination: "a" });
  assert.equal(sent.filter((line) => line.startsWith("3")).length, 2);
  const tries = () => sent.filter((line) => line.startsWith("2")).length;
  const before = tries();
  await clock.advance(10_000);
  await settle();
  assert.equal(tries(), before + 3);
  const family = metrics.families().find(({ name }) => name === "kcfg_peer_delete_errors_total");
  assert.ok(family?.type === "counter");
  assert.deepEqual([...family.read()].map(({ labelValues, value }) => [labelValues[0], value]), [
    [TWO, 1],
  ]);
});

Deno.test("a peer that was lost and is back hears of an event before it is over", async () => {
  const { spread, sent, peers } = spreading({ [TWO]: "kcfg", [THREE]: "kcfg" });
  peers.others[0]?.circuit.silent();
  await spread({ id: "1", keys: ["/deploy.yml"], destination: "a" });
  assert.deepEqual(sent.map((line) => line[0]).sort(), ["2", "2", "3", "3"]);
  assert.ok(peers.others.every(({ circuit }) => !circuit.isOpen));
});

Deno.test("a peer that was lost and still is holds an event up for a moment only", async () => {
  const { spread, clock, peers, stop } = spreading({ [TWO]: "mute", [THREE]: "kcfg" });
  const [lost] = peers.others;
  assert.ok(lost);
  lost.circuit.silent();
  lost.isKcfg = true;
  let isOver = false;
  const spreadOut = spread({ id: "1", keys: ["/deploy.yml"], destination: "a" })
    .then(() => isOver = true);
  await clock.advance(499);
  assert.ok(!isOver);
  await clock.advance(1);
  assert.ok(isOver, "a quarter of a second for each of the two rounds");
  await spreadOut;
  stop();
});

Deno.test("a peer that left is not tried again, and the stop ends the tries", async () => {
  const left = spreading({ [TWO]: "dead", [THREE]: "kcfg" });
  await left.spread({ id: "1", keys: ["/deploy.yml"], destination: "a" });
  const before = left.sent.length;
  left.peers.replace([THREE]);
  await left.clock.advance(10_000);
  assert.equal(left.sent.length, before);
  const stopped = spreading({ [TWO]: "dead", [THREE]: "kcfg" });
  await stopped.spread({ id: "1", keys: ["/deploy.yml"], destination: "a" });
  stopped.stop();
  await settle();
  assert.equal(stopped.clock.pendingTimers, 0);
});
