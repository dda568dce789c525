/** HTTP/2 sessions: opened, retired, frozen and replaced, hazards of the runtime included. */

import assert from "node:assert/strict";
import { ManualClock } from "#tests/support/clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import { startRelay, startTlsServer } from "#tests/support/tls_server.ts";
import {
  connectTo,
  getText,
  HEAVY,
  keyPair,
  LIGHT,
  ofKind,
  open,
} from "#tests/support/transport_fixture.ts";
import { TransportError } from "../errors.ts";

for (const { name, client } of [LIGHT, HEAVY]) {
  Deno.test(`${name}: request() opens another session above the server's stream limit`, async () => {
    const waiting: (() => void)[] = [];
    await using server = await startTlsServer((request, response) => {
      if (request.url === "/first") response.end("ok");
      else waiting.push(() => response.end("ok"));
    }, { keyPair, maxConcurrentStreams: 5 });
    await using reach = connectTo(server.port, client);
    // The server's settings come before its first answer; until then it would refuse what is too much.
    assert.equal(await getText(reach.transport, { path: "/first" }), "ok");
    const all = Promise.all(Array.from({ length: 12 }, () => getText(reach.transport)));
    await eventually("all requests have come", () => waiting.length === 12);
    for (const answer of waiting) answer();
    assert.deepEqual(new Set(await all), new Set(["ok"]));
    assert.equal(server.sessions.length, 3);
  });

  Deno.test(`${name}: body tells a stream reset with CANCEL from a clean end`, async () => {
    await using server = await startTlsServer((_, response) => {
      response.writeHead(200);
      response.write('{"half":', () => setTimeout(() => response.stream.close(8), 10));
    }, { keyPair });
    await using reach = connectTo(server.port, client);
    const response = await reach.transport.request({ method: "GET", path: "/", stream: true });
    await assert.rejects(response.bytes(100), ofKind("reset"));
  });

  Deno.test(`${name}: request() repeats any method once when the stream is refused`, async () => {
    let requests = 0;
    await using server = await startTlsServer((_, response) => {
      requests += 1;
      if (requests === 1) response.stream.close(7);
      else response.end("ok");
    }, { keyPair });
    await using reach = connectTo(server.port, client);
    assert.equal(await getText(reach.transport, { method: "POST", body: "{}" }), "ok");
    assert.equal(requests, 2);
  });

  Deno.test(`${name}: request() repeats what a GOAWAY with an error says was not processed`, async () => {
    let posts = 0;
    await using server = await startTlsServer((request, response) => {
      if (request.method === "GET") return void open(request, response);
      posts += 1;
      if (posts === 1) request.stream.session?.goaway(11, 1);
      else response.end("ok");
    }, { keyPair });
    await using reach = connectTo(server.port, client);
    const first = await reach.transport.request({ method: "GET", path: "/", stream: true });
    const ended = assert.rejects(first.bytes(100), ofKind("connection"));
    assert.equal(await getText(reach.transport, { method: "POST", body: "{}" }), "ok");
    await ended;
  });

  Deno.test(`${name}: GOAWAY lets an open stream go on and sends new requests elsewhere`, async () => {
    const recycled: string[] = [];
    await using server = await startTlsServer((request, response) => {
      if (request.url === "/open") {
        response.writeHead(200);
        response.write("a");
        setTimeout(() => request.stream.session?.goaway(0), 5);
        setTimeout(() => response.end("b"), 60);
      } else response.end("ok");
    }, { keyPair });
    await using reach = connectTo(server.port, {
      ...client,
      onRecycle: (reason) => recycled.push(reason),
    });
    const response = await reach.transport.request({ method: "GET", path: "/open", stream: true });
    const whole = response.bytes(100);
    await eventually("the session was retired", () => recycled.length === 1);
    assert.equal(await getText(reach.transport), "ok");
    assert.equal(server.sessions.length, 2);
    assert.equal(new TextDecoder().decode(await whole), "ab");
    assert.equal(recycled[0], "goaway");
  });

  for (const kind of ["graceful", "graceful twice", "with an error code"]) {
    Deno.test(`${name}: 50 rolls of GOAWAY ${kind} under load leave the process alive`, async () => {
      await using server = await startTlsServer((request, response) => {
        if (request.url === "/open") {
          response.writeHead(200);
          response.write("a");
        } else response.end("ok");
      }, { keyPair });
      await using reach = connectTo(server.port, { ...client, drainTimeoutMs: 20 });
      const stop = new AbortController();
      let answers = 0;
      const caller = async (path: string) => {
        while (!stop.signal.aborted) {
          try {
            const init = { method: "GET", path, signal: stop.signal, stream: true };
            for await (const _ of (await reach.transport.request(init)).body) answers += 1;
          } catch (error) {
            if (error instanceof TransportError) assert.notEqual(error.kind, "protocol");
            else throw error;
          }
        }
      };
      const callers = [..."xxxxxxxx", "open", "open", "open"].map((path) => caller(`/${path}`));
      for (let roll = 0; roll < 50; roll++) {
        const before = answers;
        await eventually("answers came", () => answers > before + 5);
        for (const session of server.sessions.filter((session) => !session.destroyed)) {
          if (kind === "with an error code") session.goaway(11);
          else session.goaway(0);
          if (kind === "graceful twice") session.goaway(0, 1);
        }
      }
      stop.abort();
      await Promise.all(callers);
      assert.ok(answers > 250);
    });
  }

  Deno.test(`${name}: a frozen connection is found by ping and replaced`, async () => {
    const clock = new ManualClock();
    await using server = await startTlsServer(open, { keyPair });
    await using relay = await startRelay(server.port);
    await using reach = connectTo(relay.port, { ...client, clock });
    const response = await reach.transport.request({ method: "GET", path: "/", stream: true });
    let ended: unknown;
    const reading = (async () => {
      for await (const _ of response.body) relay.freeze();
    })().catch((error) => ended = error);
    await clock.advance(29_000);
    await clock.advance(15_900);
    assert.equal(ended, undefined);
    await clock.advance(200);
    await reading;
    assert.ok(ofKind("ping")(ended));
    assert.equal(await getText(reach.transport, { path: "/short" }), "first\n");
    assert.equal(relay.connections(), 2);
  });

  Deno.test(`${name}: an answered ping keeps the connection`, async () => {
    const clock = new ManualClock();
    await using server = await startTlsServer(open, { keyPair });
    await using reach = connectTo(server.port, { ...client, clock });
    const response = await reach.transport.request({ method: "GET", path: "/", stream: true });
    const pings: number[] = [];
    server.sessions[0]?.on("ping", () => pings.push(clock.monotonic()));
    for (let i = 0; i < 10; i++) {
      const before = pings.length;
      await clock.advance(30_000);
      await eventually("the ping has come and its answer is back", () => pings.length > before);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.ok(!server.sessions[0]?.destroyed);
    response.cancel();
  });

  Deno.test(`${name}: recycle() moves new requests to a new connection`, async () => {
    await using server = await startTlsServer(open, { keyPair });
    await using reach = connectTo(server.port, client);
    const response = await reach.transport.request({ method: "GET", path: "/", stream: true });
    reach.transport.recycle("credentials");
    assert.equal(await getText(reach.transport, { path: "/short" }), "first\n");
    assert.equal(server.sessions.length, 2);
    assert.ok(!server.sessions[0]?.destroyed);
    response.cancel();
    await eventually("the old session is gone", () => server.sessions[0]?.destroyed);
  });
}
