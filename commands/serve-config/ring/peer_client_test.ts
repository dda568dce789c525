/** What is made of a peer's objects. */

import assert from "node:assert/strict";
import { ManualClock } from "#tests/support/clock.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { PeerClient } from "./peer_client.ts";
import { PeerSet } from "./peer_set.ts";
import { encodeMessage } from "./wire.ts";
import type { PeerMessage } from "./wire.ts";

function askingPeer(message: () => PeerMessage | Uint8Array<ArrayBuffer>) {
  const clock = new ManualClock();
  const log = new CapturedLog();
  const headers = { "x-kcfg-peer": "1" };
  const client = new PeerClient({
    transport: {
      request() {
        const made = message();
        const bytes = made instanceof Uint8Array ? made : encodeMessage(made);
        return Promise.resolve({ status: 200, headers, bytes });
      },
      close() {},
    },
    secret: undefined,
    clock,
    log,
  });
  const set = new PeerSet({ self: "http://self:1", kind: "seed" }, { clock });
  const [peer] = set.replace(["http://peer:1"]) ?? [];
  assert.ok(peer);
  return {
    clock,
    log,
    fetch: () => client.fetch(peer, "/a", { signal: new AbortController().signal }),
  };
}

Deno.test("an object of a peer whose clock is wrong lives as long as the peer meant it to", async () => {
  const now = new ManualClock().now();
  const value = new TextEncoder().encode("v");
  // An hour behind: by this replica's clock the object expired long ago.
  const meta = { at: now - 3_605_000, rem: 5000 };
  const { clock, log, fetch } = askingPeer(() => ({ value, expiresAtMs: now - 3_595_000, meta }));
  for (let times = 0; times < 3; times++) {
    const answer = await fetch();
    assert.ok(answer?.kind === "entry");
    assert.equal(answer.entry.expiresAtMs, now + 5000);
  }
  const warnings = () => log.lines.filter(({ message }) => message === "clock of a peer differs");
  assert.deepEqual(warnings().map(({ fields }) => fields), [
    { peer: "http://peer:1", aheadMs: -3_600_000 },
  ]);
  await clock.advance(60_000);
  await fetch();
  assert.equal(warnings().length, 2, "said once a minute");
});

Deno.test("an object of a Go peer that has expired already is not taken", async () => {
  const now = new ManualClock().now();
  const value = new TextEncoder().encode("v");
  const { fetch } = askingPeer(() => ({ value, expiresAtMs: now - 1 }));
  await assert.rejects(fetch(), /expired already/);
});

Deno.test("a peer of another library is named once, and loads go on here", async () => {
  const { log, fetch } = askingPeer(() => Uint8Array.fromHex("1005"));
  for (let times = 0; times < 3; times++) await assert.rejects(fetch(), /modernprogram/);
  assert.deepEqual(log.messages("warn"), ["peer cannot share this ring"]);
});
