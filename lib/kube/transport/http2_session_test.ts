/** One session against a peer that says each frame by hand. */

import assert from "node:assert/strict";
import { settingsFrame } from "#lib/http2/frames.ts";
import { ManualClock } from "#tests/support/clock.ts";
import { Http2Peer, settled } from "#tests/support/http2_peer.ts";
import { ofKind } from "#tests/support/transport_fixture.ts";
import { Http2Session } from "./http2_session.ts";

Deno.test("request() keeps to a limit of streams that was lowered after the place was taken", async () => {
  const peer = new Http2Peer();
  const session = new Http2Session(peer.connection, {
    clock: new ManualClock(),
    ...{ pingIntervalMs: 1000, pingTimeoutMs: 1000, drainTimeoutMs: 1000, idleTimeoutMs: 1000 },
    onRetired() {},
    onClosed() {},
  });
  await peer.send(settingsFrame([]));
  const places = [1, 2, 3].map(() => session.reserve());
  assert.deepEqual(places, [true, true, true]);
  await peer.send(settingsFrame([[3, 2]]));
  const { signal } = new AbortController();
  const init = { method: "GET", path: "/", authority: "x", headers: {}, signal };
  const ends = Promise.allSettled(places.map(() => session.request(init)));
  await settled();
  assert.equal(peer.framesOf(1).length, 2);
  await peer.end();
  const [first, , third] = await ends;
  assert.ok(first?.status === "rejected" && ofKind("connection")(first.reason));
  assert.ok(third?.status === "rejected" && ofKind("refused")(third.reason));
});
