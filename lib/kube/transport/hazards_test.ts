/** What has killed connections, clients and processes, `kube-transport.md` 3. */

import assert from "node:assert/strict";
import { ManualClock } from "#tests/support/clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { startRelay, startSilentServer, startTlsServer } from "#tests/support/tls_server.ts";
import {
  authority,
  connectTo,
  echo,
  getText,
  HEAVY,
  HTTP1,
  keyPair,
  LIGHT,
  ofKind,
} from "#tests/support/transport_fixture.ts";
import { TransportError } from "../errors.ts";

for (const { name, client } of [LIGHT, HEAVY]) {
  Deno.test(`aborts in quick succession leave the connection to others over ${name}`, async () => {
    const block = new Uint8Array(256 * 1024);
    await using server = await startTlsServer((request, response) => {
      if (request.url === "/small") return void response.end("ok");
      for (let i = 0; i < 32; i++) response.write(block);
      response.end();
    }, { keyPair });
    await using reach = connectTo(server.port, client);
    const { transport } = reach;
    for (let i = 0; i < 60; i++) {
      const abort = new AbortController();
      const { signal } = abort;
      await assert.rejects(async () => {
        const response = await transport.request({ method: "GET", path: "/large", signal });
        for await (const _ of response.body) abort.abort();
      }, TransportError);
    }
    for (let i = 0; i < 20; i++) assert.equal(await getText(transport, { path: "/small" }), "ok");
    assert.equal(server.connections(), 1);
  });
}

Deno.test("a goodbye to a connection without requests has the next one dial again", async () => {
  await using server = await startTlsServer(echo, { keyPair });
  await using reach = connectTo(server.port);
  assert.equal(await getText(reach.transport), "GET /x");
  const [session] = server.sessions;
  session?.goaway(0);
  await eventually("the connection has ended", () => session?.destroyed);
  assert.equal(await getText(reach.transport), "GET /x");
  assert.equal(server.sessions.length, 2);
});

Deno.test("a request that times out on a dead connection has it found by a probe", async () => {
  const clock = new ManualClock();
  await using server = await startTlsServer((_, response) => response.end("ok"), { keyPair });
  await using relay = await startRelay(server.port);
  const { transport } = connectTo(relay.port, { clock });
  assert.equal(await getText(transport), "ok");
  relay.freeze();
  const lost = assert.rejects(getText(transport, { path: "/", timeoutMs: 1000 }), {
    kind: "timeout",
  });
  await clock.advance(1000);
  await lost;
  await clock.advance(15_000);
  assert.equal(await getText(transport), "ok");
  assert.equal(relay.connections(), 2);
  await transport.close();
});

Deno.test("a connection without requests is closed after 90 s", async () => {
  const clock = new ManualClock();
  await using server = await startTlsServer((_, response) => response.end("ok"), { keyPair });
  const { transport } = connectTo(server.port, { clock });
  assert.equal(await getText(transport), "ok");
  await clock.advance(60_000);
  assert.equal(await getText(transport), "ok");
  await clock.advance(89_000);
  assert.ok(!server.sessions[0]?.destroyed);
  await clock.advance(1_000);
  await eventually("the session is gone", () => server.sessions[0]?.destroyed);
  assert.equal(await getText(transport), "ok");
  assert.equal(server.sessions.length, 2);
  await transport.close();
});

Deno.test("an HTTP/1.1 connection is closed when idle, never under an open stream", async () => {
  const finish = Promise.withResolvers<void>();
  await using server = await startTlsServer((request, response) => {
    response.writeHead(200);
    if (request.url !== "/stream") return void response.end("ok");
    response.write("a");
    finish.promise.then(() => response.end("b"));
  }, { keyPair, http1Only: true });
  const { transport } = connectTo(server.port, { ...HTTP1.client, idleTimeoutMs: 100 });
  const stream = await transport.request({ method: "GET", path: "/stream", stream: true });
  assert.equal(await getText(transport), "ok");
  assert.equal(server.connections(), 2);
  // Three times the limit of idle connections.
  await new Promise((resolve) => setTimeout(resolve, 300));
  finish.resolve();
  assert.equal(new TextDecoder().decode(await stream.bytes(10)), "ab");
  assert.equal(server.openConnections(), 1);
  await eventually("both connections are closed", () => server.openConnections() === 0);
  await transport.close();
});

// A handshake that is given up may leave its connection to the server, once.
for (const { name, client } of [LIGHT, HEAVY]) {
  Deno.test(`connections to a server that says nothing do not pile up over ${name}`, async () => {
    await using server = await startSilentServer();
    await using reach = connectTo(server.port, { ...client, connectTimeoutMs: 30 });
    for (let i = 0; i < 5; i++) await assert.rejects(getText(reach.transport), ofKind("connect"));
    assert.equal(server.connections(), 5);
    await eventually("all but the first are closed", () => server.ended() >= 4);
  });
}

for (const { name, server: how, client } of [LIGHT, HEAVY, HTTP1]) {
  Deno.test(`an idle client of ${name} lets its process end, an open watch does not`, async () => {
    let watches = 0;
    await using server = await startTlsServer((request, response) => {
      if (request.url !== "/watch") return void response.end("ok");
      watches += 1;
      response.writeHead(200);
      response.write("event\n");
      setTimeout(() => response.end("last\n"), 300);
    }, how);
    await using dir = await tempDir();
    const script = await dir.write(
      "client.ts",
      `import { createTransport } from ${JSON.stringify(new URL("transport.ts", import.meta.url))};
      import { openLightTls } from ${JSON.stringify(new URL("deno.ts", import.meta.url))};
      const transport = createTransport({
        server: "https://127.0.0.1:${server.port}",
        openLightTls: ${client.openLightTls === undefined ? "undefined" : "openLightTls"},
        tls: { ca: ${JSON.stringify(authority.certificatePem)} },
      });
      const response = await transport.request({ method: "GET", path: "/x" });
      await response.bytes(100);
      transport.request({ method: "GET", path: "/watch", stream: true }).then(async ({ body }) => {
        for await (const [chunk] of body) console.log(new TextDecoder().decode(chunk).trim());
      });`,
    );
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        `--config=${new URL("../../../deno.json", import.meta.url).pathname}`,
        "--allow-all",
        script,
      ],
      signal: AbortSignal.timeout(4500),
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    assert.equal(new TextDecoder().decode(stdout), "event\nlast\n");
    assert.equal(watches, 1);
  });
}
