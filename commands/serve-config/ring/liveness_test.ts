/** Peers that do not answer: slow ones are waited for, lost ones cost a second, once. */

import assert from "node:assert/strict";
import { silentLogger } from "#lib/log/logger.ts";
import { ManualClock, settle } from "#tests/support/clock.ts";
import { PeerClient } from "./peer_client.ts";
import { PeerSet } from "./peer_set.ts";
import type { PeerAnswer, PeerRequest } from "./peer_transport.ts";
import { PING_TARGET } from "./target.ts";
import { encodeMessage } from "./wire.ts";

const MESSAGE = encodeMessage({ value: new TextEncoder().encode("v"), expiresAtMs: undefined });
const ANSWER: PeerAnswer = { status: 200, headers: { "x-kcfg-peer": "1" }, bytes: MESSAGE };
const NO_GROUP: PeerAnswer = {
  status: 404,
  headers: { "x-kcfg-peer": "1" },
  bytes: new Uint8Array(),
};

/** A peer that answers nothing until it is told to; an aborted request fails as a real one does. */
function silentPeer() {
  const clock = new ManualClock();
  const pending: { readonly target: string; readonly answer: (answer: PeerAnswer) => void }[] = [];
  const client = new PeerClient({
    transport: {
      request(_peer: string, { target, signal }: PeerRequest) {
        const { promise, resolve, reject } = Promise.withResolvers<PeerAnswer>();
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
        pending.push({ target, answer: resolve });
        return promise;
      },
      close() {},
    },
    secret: undefined,
    clock,
    log: silentLogger,
  });
  const set = new PeerSet({ self: "http://self:1", kind: "seed" }, { clock });
  const [peer] = set.replace(["http://peer:1"]) ?? [];
  assert.ok(peer);
  const take = (target: string) => {
    const at = pending.findIndex((one) => one.target === target);
    return at < 0 ? undefined : pending.splice(at, 1)[0];
  };
  return {
    clock,
    client,
    peer,
    pings: () => pending.filter(({ target }) => target === PING_TARGET).length,
    answerPing: () => take(PING_TARGET)?.answer(NO_GROUP),
    answerAll: () => pending.splice(0).forEach(({ answer }) => answer(ANSWER)),
    fetch: (key: string) => client.fetch(peer, key, { signal: new AbortController().signal }),
  };
}

Deno.test("a peer without a sign of life costs everybody who waits one second", async () => {
  const { clock, client, peer, pings, fetch } = silentPeer();
  const failures: string[] = [];
  for (const key of ["/a", "/b", "/c"]) fetch(key).catch((error) => failures.push(error.message));
  await clock.advance(999);
  assert.deepEqual([failures.length, pings()], [0, 1], "one question for all of them");
  await clock.advance(1);
  assert.deepEqual(failures, Array(3).fill("The peer gives no sign of life"));
  assert.ok(!client.isReachable(peer), "later requests do not wait at all");
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("a slow peer that is there is waited for", async () => {
  const { clock, client, peer, answerPing, answerAll, fetch } = silentPeer();
  const answer = fetch("/a");
  for (let seconds = 0; seconds < 9; seconds++) {
    await clock.advance(400);
    answerPing();
    await clock.advance(600);
  }
  assert.ok(client.isReachable(peer));
  answerAll();
  assert.equal((await answer)?.kind, "entry");
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("whether a lost peer is back is found out in the background", async () => {
  const { clock, client, peer, pings, answerPing, fetch } = silentPeer();
  const failing = assert.rejects(fetch("/a"));
  await clock.advance(1000);
  await failing;
  const pingsAfter = async (ms: number) => {
    await clock.advance(ms);
    assert.ok(!client.isReachable(peer), "asked, and not waited for");
    assert.ok(!client.isReachable(peer));
    await settle();
    return pings();
  };
  assert.equal(await pingsAfter(0), 1, "the one that was not answered");
  assert.equal(await pingsAfter(999), 1);
  assert.equal(await pingsAfter(1), 2);
  assert.equal(await pingsAfter(700 + 1999), 2, "left alone for longer than before");
  assert.equal(await pingsAfter(1), 3);
  for (let answered = 0; answered < 3; answered++) answerPing();
  assert.equal(peer.isKcfg, undefined);
  await settle();
  assert.ok(client.isReachable(peer));
  assert.ok(peer.isKcfg, "its answer says what it speaks");
  assert.equal(clock.pendingTimers, 0);
});
