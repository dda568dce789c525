/** The transport against a real server on the loopback interface, over HTTP/2 and HTTP/1.1 alike. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { startRelay, startTlsServer } from "#tests/support/tls_server.ts";
import {
  connectTo,
  echo,
  getText,
  HEAVY,
  HTTP1,
  keyPair,
  LIGHT,
  ofKind,
  open,
} from "#tests/support/transport_fixture.ts";
import { TransportError } from "../errors.ts";

for (const way of [LIGHT, HEAVY, HTTP1]) {
  const { name } = way;
  Deno.test(`createTransport() speaks ${name} and reuses the connection`, async () => {
    await using server = await startTlsServer(echo, way.server);
    await using client = connectTo(server.port, {
      ...way.client,
      server: `https://127.0.0.1:${server.port}/prefix/`,
    });
    const first = await client.transport.request({ method: "GET", path: "/a?b=c" });
    assert.equal(first.protocol, name.split(" ")[0]);
    assert.equal(first.status, 200);
    assert.equal(first.headers["content-type"], "text/plain");
    assert.equal(new TextDecoder().decode(await first.bytes(100)), "GET /prefix/a?b=c");
    for (let i = 0; i < 3; i++) assert.equal(await getText(client.transport), "GET /prefix/x");
    assert.equal(server.connections(), 1);
  });

  Deno.test(`request() over ${name} serves many first requests at once`, async () => {
    await using server = await startTlsServer(echo, way.server);
    await using client = connectTo(server.port, way.client);
    const texts = await Promise.all(Array.from({ length: 8 }, () => getText(client.transport)));
    assert.deepEqual(new Set(texts), new Set(["GET /x"]));
  });

  Deno.test(`close() over ${name} ends a request that is still dialling`, async () => {
    await using server = await startTlsServer(echo, way.server);
    const { transport } = connectTo(server.port, way.client);
    const pending = assert.rejects(getText(transport), ofKind("closed"));
    await transport.close();
    await pending;
  });

  Deno.test(`request() over ${name} sends bodies and repeated header lines`, async () => {
    await using server = await startTlsServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => body += chunk);
      const groups: string[] = [];
      for (let i = 0; i < request.rawHeaders.length; i += 2) {
        const [name = "", value = ""] = request.rawHeaders.slice(i, i + 2);
        if (name.toLowerCase() === "impersonate-group") groups.push(value);
      }
      request.on("end", () => response.end(JSON.stringify({ body, groups })));
    }, way.server);
    await using client = connectTo(server.port, way.client);
    const text = await getText(client.transport, {
      method: "DELETE",
      body: "{ü}",
      headers: { "Impersonate-Group": ["a", "b,c"], host: "dropped", connection: "dropped" },
    });
    assert.deepEqual(JSON.parse(text), { body: "{ü}", groups: ["a", "b,c"] });
  });

  Deno.test(`request() over ${name} fails a body that breaks off`, async () => {
    await using server = await startTlsServer(open, way.server);
    await using relay = await startRelay(server.port);
    await using client = connectTo(relay.port, way.client);
    const response = await client.transport.request({ method: "GET", path: "/", stream: true });
    const seen: string[] = [];
    await assert.rejects(async () => {
      for await (const pieces of response.body) {
        for (const piece of pieces) seen.push(new TextDecoder().decode(piece));
        relay.cut();
      }
    }, (error) => {
      assert.ok(error instanceof TransportError);
      // A TCP reset closes the streams of a session before the session itself says anything.
      assert.match(error.kind, /^(connection|reset)$/);
      return error.headersSeen;
    });
    assert.deepEqual(seen, ["first\n"]);
    assert.equal(await getText(client.transport, { path: "/short" }), "first\n");
  });

  Deno.test(`request() over ${name} ends by signal before and after the headers`, async () => {
    await using server = await startTlsServer((request, response) => {
      if (request.url !== "/silent") open(request, response);
    }, way.server);
    await using client = connectTo(server.port, way.client);
    for (const path of ["/silent", "/"]) {
      const abort = new AbortController();
      const { signal } = abort;
      const request = client.transport.request({ method: "GET", path, signal, stream: true });
      if (path === "/silent") setTimeout(() => abort.abort(), 20);
      await assert.rejects(async () => {
        for await (const _ of (await request).body) abort.abort();
      }, ofKind("aborted"));
    }
    assert.equal(await getText(client.transport, { path: "/short" }), "first\n");
  });

  Deno.test(`request() over ${name} ends by a signal that comes while a connection is chosen`, async () => {
    await using server = await startTlsServer((request, response) => {
      if (request.url === "/short") open(request, response);
    }, way.server);
    await using client = connectTo(server.port, way.client);
    assert.equal(await getText(client.transport, { path: "/short" }), "first\n");
    for (let turns = 0; turns < 20; turns++) {
      const abort = new AbortController();
      const { signal } = abort;
      const request = client.transport.request({
        ...{ method: "GET", path: "/silent", signal, timeoutMs: 4000 },
      });
      const ended = assert.rejects(request, ofKind("aborted"));
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      abort.abort();
      await ended;
    }
  });

  Deno.test(`request() over ${name} times out without headers`, async () => {
    await using server = await startTlsServer(() => {}, way.server);
    await using client = connectTo(server.port, way.client);
    await assert.rejects(
      client.transport.request({ method: "GET", path: "/", timeoutMs: 50 }),
      ofKind("timeout"),
    );
  });

  Deno.test(`close() over ${name} fails an open stream with closed`, async () => {
    await using server = await startTlsServer(open, way.server);
    await using client = connectTo(server.port, way.client);
    const response = await client.transport.request({ method: "GET", path: "/", stream: true });
    await assert.rejects(async () => {
      for await (const _ of response.body) client.transport.close();
    }, ofKind("closed"));
    await assert.rejects(getText(client.transport), ofKind("closed"));
  });

  Deno.test(`cancel() over ${name} frees the stream on the server`, async () => {
    let closed = 0;
    await using server = await startTlsServer((request, response) => {
      response.on("close", () => closed += 1);
      open(request, response);
    }, way.server);
    await using client = connectTo(server.port, way.client);
    const response = await client.transport.request({ method: "GET", path: "/", stream: true });
    response.cancel();
    response.cancel();
    await eventually("the server's stream is closed", () => closed === 1);
  });
}

Deno.test("bytes() decompresses gzip and bounds the result", async () => {
  const text = "x".repeat(10_000);
  const zipped = new Uint8Array(
    await new Response(
      new Blob([text]).stream().pipeThrough(new CompressionStream("gzip")),
    ).arrayBuffer(),
  );
  await using server = await startTlsServer((_, response) => {
    response.setHeader("content-encoding", "gzip");
    response.end(zipped);
  }, { keyPair });
  await using client = connectTo(server.port);
  assert.equal(await getText(client.transport), text);
  const bomb = await client.transport.request({ method: "GET", path: "/" });
  await assert.rejects(bomb.bytes(9_999), ofKind("protocol"));
});

Deno.test("request() joins header lines, whatever they are called", async () => {
  await using server = await startTlsServer((_, response) => {
    response.setHeader("warning", ['299 - "a"', '299 - "b"']);
    response.setHeader("constructor", "x");
    response.end("ok");
  }, { keyPair });
  await using client = connectTo(server.port);
  const response = await client.transport.request({ method: "GET", path: "/" });
  response.cancel();
  assert.equal(response.headers["warning"], '299 - "a", 299 - "b"');
  assert.equal(response.headers["constructor"], "x");
});

Deno.test("request() refuses a header value with a line break", async () => {
  await using client = connectTo(1);
  await assert.rejects(
    client.transport.request({ method: "GET", path: "/", headers: { "x-a": "1\r\nx-b: 2" } }),
    ofKind("protocol"),
  );
});

Deno.test("request() says connect when nobody listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  await using client = connectTo(port);
  await assert.rejects(getText(client.transport), ofKind("connect"));
});

Deno.test("a server of HTTP/1.1 alone is left to Node's layer, once", async () => {
  await using server = await startTlsServer(echo, HTTP1.server);
  await using client = connectTo(server.port, LIGHT.client);
  for (let i = 0; i < 3; i++) assert.equal(await getText(client.transport), "GET /x");
  assert.equal(server.connections(), 2);
});

Deno.test("a request that is given up before a server of HTTP/1.1 was found leaves no connection", async () => {
  await using server = await startTlsServer(echo, HTTP1.server);
  const abort = new AbortController();
  await using client = connectTo(server.port, {
    openLightTls() {
      abort.abort();
      return Promise.resolve(undefined);
    },
  });
  await assert.rejects(getText(client.transport, { signal: abort.signal }), ofKind("aborted"));
  const isGone = () => server.connections() === 1 && server.openConnections() === 0;
  await eventually("the connection is closed", isGone);
  const texts = await Promise.all(Array.from({ length: 3 }, () => getText(client.transport)));
  assert.deepEqual(new Set(texts), new Set(["GET /x"]));
});
