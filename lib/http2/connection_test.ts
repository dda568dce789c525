/** The client's end of HTTP/2 against a peer that says each frame by hand. */

import assert from "node:assert/strict";
import { Http2Peer, settled } from "#tests/support/http2_peer.ts";
import { Http2Connection, type OpenStream } from "./connection.ts";
import { Flag, FrameType, makeFrame, resetFrame, settingsFrame, windowFrame } from "./frames.ts";
import { ErrorCode } from "./http2_error.ts";
import type { HeaderLine } from "./static_table.ts";

const REQUEST: readonly HeaderLine[] = [[":method", "GET"], [":path", "/x"]];
const OK: readonly HeaderLine[] = [[":status", "200"], ["content-type", "text/plain"]];

const NO_EVENTS = { onHeaders() {}, onData() {}, onClosed() {} };
const ZEROS = new Uint8Array(24);

interface Opened {
  readonly peer: Http2Peer;
  readonly connection: Http2Connection;
  /** What the owner was told, in order. */
  readonly told: string[];
  readonly request: (body?: Uint8Array) => OpenStream;
}

async function connected({ settings = [] }: { settings?: [number, number][] } = {}): Promise<
  Opened
> {
  const peer = new Http2Peer();
  const told: string[] = [];
  const connection = new Http2Connection(peer.connection, {
    onSettings: (streams) => told.push(`settings ${streams}`),
    onGoaway: (code) => told.push(`goaway ${code}`),
    onPong: () => told.push("pong"),
    onClosed: (cause) => told.push(`closed ${cause instanceof Error ? cause.message : "by one"}`),
  });
  connection.start();
  await settled();
  await peer.send(settingsFrame(settings));
  told.length = 0;
  let requests = 0;
  const request = (body?: Uint8Array) => {
    const name = ++requests;
    return connection.open(REQUEST, {
      body,
      events: {
        onHeaders: (status, lines) => told.push(`${name}: ${status} ${lines.join()}`),
        onData: (piece) => told.push(`${name}: ${new TextDecoder().decode(piece).slice(0, 10)}`),
        onClosed: ({ isWhole, code }) => told.push(`${name}: ${isWhole ? "whole" : `end ${code}`}`),
      },
    });
  };
  return { peer, connection, told, request };
}

function numberOf(content: Uint8Array, at = 0): number {
  return new DataView(content.buffer, content.byteOffset).getUint32(at);
}

Deno.test("start() says hello, and settings are acknowledged", async () => {
  const { peer } = await connected();
  assert.equal(peer.preface, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  const [settings, window, acknowledgement] = peer.frames;
  assert.equal(settings?.type, FrameType.SETTINGS);
  const pairs = Array.from(
    { length: 4 },
    (_, at) => numberOf(settings?.content ?? ZEROS, at * 6 + 2),
  );
  assert.deepEqual(pairs, [0, 1024 * 1024, 1024 * 1024, 64 * 1024]);
  assert.equal(window?.type, FrameType.WINDOW_UPDATE);
  assert.deepEqual([acknowledgement?.type, acknowledgement?.flags], [FrameType.SETTINGS, Flag.ACK]);
});

Deno.test("open() sends a request and hands its answer on", async () => {
  const { peer, told, request } = await connected();
  request();
  await settled();
  const [sent] = peer.framesOf(FrameType.HEADERS);
  assert.deepEqual([sent?.streamId, sent?.flags], [1, Flag.END_HEADERS | Flag.END_STREAM]);
  await peer.send(
    peer.headers(1, [[":status", "103"]], Flag.END_HEADERS),
    peer.headers(1, OK, Flag.END_HEADERS),
    peer.data(1, "one"),
    peer.data(1, "two"),
    peer.headers(1, [["grpc-status", "0"]], Flag.END_HEADERS | Flag.END_STREAM),
  );
  assert.deepEqual(told, ["1: 200 content-type,text/plain", "1: one", "1: two", "1: whole"]);
});

Deno.test("open() takes answers in any pieces", async () => {
  const { peer, told, request } = await connected();
  request();
  const padded = new Uint8Array([3, ...new TextEncoder().encode("one"), 0, 0, 0]);
  const frames = [
    peer.headers(1, OK, 0),
    makeFrame({ type: FrameType.CONTINUATION, flags: Flag.END_HEADERS, streamId: 1 }),
    makeFrame({ type: FrameType.DATA, flags: Flag.PADDED, streamId: 1 }, padded),
    peer.data(1, "two", Flag.END_STREAM),
  ];
  for (const frame of frames) {
    for (const byte of frame) await peer.send(Uint8Array.of(byte));
  }
  assert.deepEqual(told, [
    "1: 200 content-type,text/plain",
    ...[..."onetwo"].map((letter) => `1: ${letter}`),
    "1: whole",
  ]);
});

Deno.test("an upload waits for the windows of stream and connection", async () => {
  const { peer, request } = await connected({ settings: [[4, 30_000]] });
  request(new Uint8Array(100_000));
  await settled();
  const sentBytes = () =>
    peer.framesOf(FrameType.DATA).reduce((sum, { content }) => sum + content.length, 0);
  assert.equal(sentBytes(), 30_000);
  await peer.send(windowFrame(1, 60_000));
  assert.equal(sentBytes(), 65_535);
  await peer.send(windowFrame(0, 20_000));
  assert.equal(sentBytes(), 85_535);
  // A smaller window takes back what was not used; what is left of it comes with the next update.
  await peer.send(settingsFrame([[4, 0]]), windowFrame(0, 100_000));
  assert.equal(sentBytes(), 85_535);
  await peer.send(windowFrame(1, 100_000));
  assert.equal(sentBytes(), 100_000);
  const last = peer.framesOf(FrameType.DATA).at(-1);
  assert.equal(last?.flags, Flag.END_STREAM);
  assert.ok(peer.framesOf(FrameType.DATA).every(({ content }) => content.length <= 16_384));
});

Deno.test("new settings are acknowledged before what they allow is sent", async () => {
  const { peer, request } = await connected({ settings: [[4, 10]] });
  request(new Uint8Array(30));
  await settled();
  const before = peer.frames.length;
  await peer.send(settingsFrame([[4, 20]]), settingsFrame([[4, 0], [4, 30]]));
  assert.deepEqual(peer.frames.slice(before).map(({ type, content }) => [type, content.length]), [
    [FrameType.SETTINGS, 0],
    [FrameType.DATA, 10],
    [FrameType.SETTINGS, 0],
    [FrameType.DATA, 10],
  ]);
});

Deno.test("an answer that comes before the upload ends gives the rest up", async () => {
  const { peer, told, request } = await connected();
  request(new Uint8Array(100_000));
  await peer.send(peer.headers(1, OK, Flag.END_HEADERS | Flag.END_STREAM));
  assert.equal(told.at(-1), "1: whole");
  const [reset] = peer.framesOf(FrameType.RST_STREAM);
  assert.equal(numberOf(reset?.content ?? ZEROS), ErrorCode.NO_ERROR);
});

Deno.test("a body is let in as it is acknowledged, other streams are not stopped by it", async () => {
  const { peer, told, request } = await connected();
  const stream = request();
  request();
  const part = new Uint8Array(512 * 1024);
  await peer.send(
    peer.headers(1, OK, Flag.END_HEADERS),
    peer.headers(3, OK, Flag.END_HEADERS),
    peer.data(1, part),
    peer.data(1, part),
  );
  const windowsOf = (id: number) =>
    peer.framesOf(FrameType.WINDOW_UPDATE).filter(({ streamId }) => streamId === id).length;
  assert.equal(windowsOf(1), 0);
  stream.acknowledge(part.length - 1);
  await settled();
  assert.equal(windowsOf(1), 0);
  stream.acknowledge(1);
  await settled();
  assert.equal(windowsOf(1), 1);
  await peer.send(peer.data(1, part));
  for (let i = 0; i < 20; i++) await peer.send(peer.data(3, new Uint8Array(1024), 0));
  assert.ok(!peer.isClosed);
  // The window of the stream is used up: another byte is against the rules.
  await peer.send(peer.data(1, "x"));
  assert.equal(told.at(-3), "closed more was sent than the window allows");
  assert.ok(peer.isClosed);
});

Deno.test("the window of the connection is given back as bytes come", async () => {
  const { peer, request } = await connected();
  const part = new Uint8Array(1024 * 1024);
  for (let i = 0; i < 12; i++) {
    request();
    const id = 2 * i + 1;
    await peer.send(peer.headers(id, OK, Flag.END_HEADERS), peer.data(id, part));
  }
  assert.ok(!peer.isClosed);
  const updates = peer.framesOf(FrameType.WINDOW_UPDATE).filter(({ streamId }) => streamId === 0);
  assert.deepEqual(updates.slice(1).map(({ content }) => numberOf(content)), [
    4 * part.length,
    4 * part.length,
    4 * part.length,
  ]);
});

Deno.test("reset() tells the peer, and what still comes for the stream is nobody's", async () => {
  const { peer, told, request } = await connected();
  const stream = request();
  await peer.send(peer.headers(1, OK, Flag.END_HEADERS));
  stream.reset(ErrorCode.CANCEL);
  stream.reset(ErrorCode.CANCEL);
  await peer.send(peer.data(1, "late"), peer.headers(1, [["x", "y"]], 5), resetFrame(1, 5));
  assert.deepEqual(told.slice(1), ["1: end 8"]);
  assert.equal(peer.framesOf(FrameType.RST_STREAM).length, 1);
  assert.ok(!peer.isClosed);
});

Deno.test("a reset, a refusal and a goodbye end the streams that they are about", async () => {
  const { peer, connection, told, request } = await connected();
  for (let i = 0; i < 5; i++) request();
  const goaway = makeFrame(
    { type: FrameType.GOAWAY, flags: 0, streamId: 0 },
    Uint8Array.of(0, 0, 0, 5, 0, 0, 0, 0),
  );
  await peer.send(resetFrame(1, ErrorCode.REFUSED_STREAM), resetFrame(3, 2));
  await peer.send(peer.headers(9, [[":status", "200"]], Flag.END_HEADERS), goaway);
  assert.deepEqual(told, ["1: end 7", "2: end 2", "5: 200 ", "4: end 7", "5: end 7", "goaway 0"]);
  await peer.send(peer.headers(5, OK, Flag.END_HEADERS | Flag.END_STREAM));
  assert.equal(told.at(-1), "3: whole");
  await peer.end();
  assert.equal(told.at(-1), "closed by one");
  assert.throws(() => connection.open(REQUEST, { events: NO_EVENTS }), { code: 7 });
});

Deno.test("open() sends nothing to a peer that has said goodbye", async () => {
  const { peer, connection } = await connected();
  const goaway = { type: FrameType.GOAWAY, flags: 0, streamId: 0 };
  await peer.send(makeFrame(goaway, Uint8Array.of(0, 0, 0, 9, 0, 0, 0, 0)));
  assert.throws(() => connection.open(REQUEST, { events: NO_EVENTS }), { code: 7 });
  await settled();
  assert.deepEqual(peer.framesOf(FrameType.HEADERS), []);
  assert.ok(!peer.isClosed);
});

Deno.test("pings go both ways", async () => {
  const { peer, connection, told } = await connected();
  connection.ping();
  await settled();
  assert.deepEqual(peer.framesOf(FrameType.PING).map(({ flags }) => flags), [0]);
  const ack = { type: FrameType.PING, flags: Flag.ACK, streamId: 0 };
  const answer = makeFrame(ack, ZEROS.subarray(0, 8));
  const question = { type: FrameType.PING, flags: 0, streamId: 0 };
  await peer.send(answer, makeFrame(question, new TextEncoder().encode("12345678")));
  assert.deepEqual(told, ["pong"]);
  const echo = peer.framesOf(FrameType.PING).at(-1);
  assert.equal(new TextDecoder().decode(echo?.content), "12345678");
  assert.equal(echo?.flags, Flag.ACK);
});

Deno.test("close() ends streams after the connection and lets go of the peer", async () => {
  const { peer, connection, told, request } = await connected();
  request();
  connection.unref();
  assert.ok(!peer.isRef);
  connection.close();
  connection.close();
  await settled();
  assert.deepEqual(told, ["closed by one", "1: end 8"]);
  assert.ok(peer.isClosed);
});

Deno.test("what a peer has sent before it closed its end is read to the end", async () => {
  const { peer, connection, told, request } = await connected();
  request();
  await settled();
  peer.isBroken = true;
  request();
  await settled();
  assert.deepEqual(told, []);
  assert.throws(() => connection.open(REQUEST, { events: NO_EVENTS }), { code: 7 });
  await peer.send(peer.headers(1, OK, Flag.END_HEADERS | Flag.END_STREAM));
  assert.equal(told.at(-1), "1: whole");
  await peer.end();
  assert.deepEqual(told.slice(2), ["closed broken pipe", "2: end 8"]);
});

Deno.test("a peer that asks and does not read is given up", async () => {
  const { peer, told } = await connected();
  peer.isStalled = true;
  const question = makeFrame({ type: FrameType.PING, flags: 0, streamId: 0 }, new Uint8Array(8));
  for (let i = 0; i < 10_010; i++) await peer.send(question);
  assert.deepEqual(told, ["closed 10000 frames wait for a peer that does not read"]);
});

Deno.test("a request that finds too many frames waiting is ended with the connection", async () => {
  const { peer, told, request } = await connected();
  peer.isStalled = true;
  const question = makeFrame({ type: FrameType.PING, flags: 0, streamId: 0 }, new Uint8Array(8));
  for (let i = 0; i < 10_002; i++) await peer.send(question);
  assert.deepEqual(told, []);
  request();
  await settled();
  const state = "closed 10000 frames wait for a peer that does not read";
  assert.deepEqual(told, [state, "1: end 8"]);
});

const BREACHES: Readonly<Record<string, (peer: Http2Peer) => readonly Uint8Array[]>> = {
  "an answer to nothing": (peer) => [peer.headers(7, OK, Flag.END_HEADERS)],
  "a body of nothing": (peer) => [peer.data(7, "x")],
  "a body before its answer": (peer) => [peer.data(1, "x")],
  "a pushed answer": () => [makeFrame({ type: FrameType.PUSH_PROMISE, flags: 4, streamId: 1 })],
  "a frame within headers": (peer) => [peer.headers(1, OK, 0), peer.data(1, "x")],
  "headers of another stream within": (peer) => [
    peer.headers(1, OK, 0),
    makeFrame({ type: FrameType.CONTINUATION, flags: Flag.END_HEADERS, streamId: 3 }),
  ],
  "a continuation of nothing": () => [
    makeFrame({ type: FrameType.CONTINUATION, flags: Flag.END_HEADERS, streamId: 1 }),
  ],
  "headers without end": (peer) => [
    peer.headers(1, OK, 0),
    ...Array.from(
      { length: 8000 },
      () => makeFrame({ type: FrameType.CONTINUATION, flags: 0, streamId: 1 }),
    ),
  ],
  "a frame of 65 KiB that is no body": () => [
    makeFrame({ type: 99, flags: 0, streamId: 0 }, new Uint8Array(65 * 1024)),
  ],
  "a body frame above what was offered": () => [
    makeFrame({ type: 0, flags: 0, streamId: 1 }, new Uint8Array(1024 * 1024 + 1)),
  ],
  "more padding than content": (peer) => [
    peer.headers(1, OK, Flag.END_HEADERS),
    makeFrame({ type: 0, flags: Flag.PADDED, streamId: 1 }, Uint8Array.of(2, 0)),
  ],
  "a window above the largest": () => [windowFrame(0, 2 ** 31 - 1)],
  "a window of a stream above the largest": () => [windowFrame(1, 2 ** 31 - 1)],
  "windows of streams above the largest": () => [settingsFrame([[4, 2 ** 31]])],
  "a ping of kilobytes, to be sent back": () => [
    makeFrame({ type: FrameType.PING, flags: 0, streamId: 0 }, new Uint8Array(60_000)),
  ],
  "half a setting": () => [makeFrame({ type: 4, flags: 0, streamId: 0 }, new Uint8Array(5))],
  "a reset without a code": () => [makeFrame({ type: 3, flags: 0, streamId: 1 })],
};

for (const [name, frames] of Object.entries(BREACHES)) {
  Deno.test(`a peer that breaks the rules is left: ${name}`, async () => {
    const { peer, told, request } = await connected();
    request();
    await settled();
    await peer.send(...frames(peer));
    await settled();
    assert.equal(told.at(-1), "1: end 8");
    assert.match(told.at(-2) ?? "", /^closed ./);
    assert.ok(peer.isClosed);
    assert.notEqual(numberOf(peer.framesOf(FrameType.GOAWAY)[0]?.content ?? ZEROS, 4), 0);
  });
}

Deno.test("an answer that is none ends its stream alone", async () => {
  const { peer, told, request } = await connected();
  for (let i = 0; i < 3; i++) request();
  await peer.send(
    peer.headers(1, [["x", "y"]], Flag.END_HEADERS),
    peer.headers(3, OK, Flag.END_HEADERS),
    peer.headers(3, OK, Flag.END_HEADERS),
    peer.headers(5, [[":status", "103"]], Flag.END_HEADERS | Flag.END_STREAM),
  );
  assert.deepEqual(told, ["1: end 1", `2: 200 ${OK[1]}`, "2: end 1", "3: end 1"]);
  assert.ok(!peer.isClosed);
});

Deno.test("a peer that speaks something else is left at its first bytes", async () => {
  const peer = new Http2Peer();
  const told: string[] = [];
  const connection = new Http2Connection(peer.connection, {
    onSettings() {},
    onGoaway() {},
    onPong() {},
    onClosed: (cause) => told.push(String(cause)),
  });
  connection.start();
  await peer.send(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n".repeat(10)));
  await settled();
  assert.equal(told.length, 1);
  assert.match(told[0] ?? "", /Http2Error/);
});
