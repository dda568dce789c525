/** The transport against a real server on the loopback interface, hazards of the runtime included. */

import assert from "node:assert/strict";
import { createCertificateAuthority } from "#tests/support/certificates.ts";
import { ManualClock } from "#tests/support/clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import { type Handler, startRelay, startTlsServer } from "#tests/support/tls_server.ts";
import { TransportError } from "../errors.ts";
import type { Transport, TransportOptions, TransportRequest } from "./contract.ts";
import { createTransport } from "./transport.ts";

const authority = await createCertificateAuthority();
const keyPair = await authority.issue({
  commonName: "test",
  dnsNames: ["api.test"],
  ipAddresses: ["127.0.0.1"],
});
const trusted = { ca: authority.certificatePem };

const echo: Handler = (request, response) => {
  response.setHeader("content-type", "text/plain");
  response.end(`${request.method} ${request.url}`);
};

const open: Handler = (request, response) => {
  response.writeHead(200);
  response.write("first\n");
  if (request.url === "/short") response.end();
};

type Fixture = AsyncDisposable & { readonly transport: Transport };

function connectTo(port: number, options: Partial<TransportOptions> = {}): Fixture {
  const transport = createTransport({
    server: `https://127.0.0.1:${port}`,
    tls: trusted,
    ...options,
  });
  return { transport, [Symbol.asyncDispose]: () => transport.close() };
}

async function getText(
  transport: Transport,
  init: Partial<TransportRequest> = {},
): Promise<string> {
  const response = await transport.request({ method: "GET", path: "/x", ...init });
  return new TextDecoder().decode(await response.bytes(1 << 20));
}

function ofKind(kind: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof TransportError, String(error));
    assert.equal(error.kind, kind, error.message);
    return true;
  };
}

for (const http1Only of [false, true]) {
  const protocol = http1Only ? "http/1.1" : "h2";
  Deno.test(`createTransport() speaks ${protocol} and reuses the connection`, async () => {
    await using server = await startTlsServer(echo, { keyPair, http1Only });
    await using client = connectTo(server.port, {
      server: `https://127.0.0.1:${server.port}/prefix/`,
    });
    const first = await client.transport.request({ method: "GET", path: "/a?b=c" });
    assert.equal(first.protocol, protocol);
    assert.equal(first.status, 200);
    assert.equal(first.headers["content-type"], "text/plain");
    assert.equal(new TextDecoder().decode(await first.bytes(100)), "GET /prefix/a?b=c");
    for (let i = 0; i < 3; i++) assert.equal(await getText(client.transport), "GET /prefix/x");
    assert.equal(server.connections(), 1);
  });

  Deno.test(`request() over ${protocol} serves many first requests at once`, async () => {
    await using server = await startTlsServer(echo, { keyPair, http1Only });
    await using client = connectTo(server.port);
    const texts = await Promise.all(Array.from({ length: 8 }, () => getText(client.transport)));
    assert.deepEqual(new Set(texts), new Set(["GET /x"]));
  });

  Deno.test(`close() over ${protocol} ends a request that is still dialling`, async () => {
    await using server = await startTlsServer(echo, { keyPair, http1Only });
    const { transport } = connectTo(server.port);
    const pending = assert.rejects(getText(transport), ofKind("closed"));
    await transport.close();
    await pending;
  });

  Deno.test(`request() over ${protocol} sends bodies and repeated header lines`, async () => {
    await using server = await startTlsServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => body += chunk);
      const groups: string[] = [];
      for (let i = 0; i < request.rawHeaders.length; i += 2) {
        const [name = "", value = ""] = request.rawHeaders.slice(i, i + 2);
        if (name.toLowerCase() === "impersonate-group") groups.push(value);
      }
      request.on("end", () => response.end(JSON.stringify({ body, groups })));
    }, { keyPair, http1Only });
    await using client = connectTo(server.port);
    const text = await getText(client.transport, {
      method: "DELETE",
      body: "{ü}",
      headers: { "Impersonate-Group": ["a", "b,c"], host: "dropped", connection: "dropped" },
    });
    assert.deepEqual(JSON.parse(text), { body: "{ü}", groups: ["a", "b,c"] });
  });

  Deno.test(`request() over ${protocol} fails a body that breaks off`, async () => {
    await using server = await startTlsServer(open, { keyPair, http1Only });
    await using relay = await startRelay(server.port);
    await using client = connectTo(relay.port);
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

  Deno.test(`request() over ${protocol} ends by signal before and after the headers`, async () => {
    await using server = await startTlsServer((request, response) => {
      if (request.url !== "/silent") open(request, response);
    }, { keyPair, http1Only });
    await using client = connectTo(server.port);
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

  Deno.test(`request() over ${protocol} ends by a signal that comes while a connection is chosen`, async () => {
    await using server = await startTlsServer((request, response) => {
      if (request.url === "/short") open(request, response);
    }, { keyPair, http1Only });
    await using client = connectTo(server.port);
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

  Deno.test(`request() over ${protocol} times out without headers`, async () => {
    await using server = await startTlsServer(() => {}, { keyPair, http1Only });
    await using client = connectTo(server.port);
    await assert.rejects(
      client.transport.request({ method: "GET", path: "/", timeoutMs: 50 }),
      ofKind("timeout"),
    );
  });

  Deno.test(`close() over ${protocol} fails an open stream with closed`, async () => {
    await using server = await startTlsServer(open, { keyPair, http1Only });
    await using client = connectTo(server.port);
    const response = await client.transport.request({ method: "GET", path: "/", stream: true });
    await assert.rejects(async () => {
      for await (const _ of response.body) client.transport.close();
    }, ofKind("closed"));
    await assert.rejects(getText(client.transport), ofKind("closed"));
  });

  Deno.test(`cancel() over ${protocol} frees the stream on the server`, async () => {
    let closed = 0;
    await using server = await startTlsServer((request, response) => {
      response.on("close", () => closed += 1);
      open(request, response);
    }, { keyPair, http1Only });
    await using client = connectTo(server.port);
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

Deno.test("createTransport() verifies certificates", async (t) => {
  const other = await createCertificateAuthority();
  const named = await authority.issue({ commonName: "n", dnsNames: ["api.test"] });
  await using byName = await startTlsServer(echo, { keyPair: named });
  await using byAddress = await startTlsServer(echo, { keyPair });
  const cases = [
    {
      name: "another authority",
      port: byAddress.port,
      tls: { ca: other.certificatePem },
      ok: false,
    },
    { name: "no authority", port: byAddress.port, tls: {}, ok: false },
    { name: "pinned authority", port: byAddress.port, tls: trusted, ok: true },
    { name: "wrong name", port: byName.port, tls: trusted, ok: false },
    {
      name: "server name override",
      port: byName.port,
      tls: { ...trusted, serverName: "api.test" },
      ok: true,
    },
    {
      name: "wrong server name override",
      port: byAddress.port,
      tls: { ...trusted, serverName: "other.test" },
      ok: false,
    },
    { name: "insecure", port: byName.port, tls: { insecure: true }, ok: true },
    {
      name: "insecure with a foreign authority",
      port: byName.port,
      tls: { ca: other.certificatePem, insecure: true },
      ok: true,
    },
  ];
  for (const { name, port, tls, ok } of cases) {
    await t.step(name, async () => {
      await using client = connectTo(port, { tls });
      if (ok) assert.equal(await getText(client.transport), "GET /x");
      else await assert.rejects(getText(client.transport), ofKind("tls"));
    });
  }
});

Deno.test("createTransport() presents a client certificate", async () => {
  await using server = await startTlsServer((request, response) => {
    const socket = request.stream.session?.socket as unknown as {
      getPeerCertificate(): { subject?: { CN?: string } };
    };
    response.end(socket.getPeerCertificate().subject?.CN ?? "none");
  }, { keyPair, clientCa: authority.certificatePem });
  const user = await authority.issue({ commonName: "jane", usage: "client" });
  const tls = { ...trusted, cert: user.certificatePem, key: user.privateKeyPem };
  await using client = connectTo(server.port, { tls: () => Promise.resolve(tls) });
  assert.equal(await getText(client.transport), "jane");
  await using anonymous = connectTo(server.port);
  await assert.rejects(getText(anonymous.transport));
});

Deno.test("request() opens another session above the server's stream limit", async () => {
  const waiting: (() => void)[] = [];
  await using server = await startTlsServer((request, response) => {
    if (request.url === "/first") response.end("ok");
    else waiting.push(() => response.end("ok"));
  }, { keyPair, maxConcurrentStreams: 5 });
  await using client = connectTo(server.port);
  // The server's settings come before its first answer; until then it would refuse what is too much.
  assert.equal(await getText(client.transport, { path: "/first" }), "ok");
  const all = Promise.all(Array.from({ length: 12 }, () => getText(client.transport)));
  await eventually("all requests have come", () => waiting.length === 12);
  for (const answer of waiting) answer();
  assert.deepEqual(new Set(await all), new Set(["ok"]));
  assert.equal(server.sessions.length, 3);
});

Deno.test("request() repeats once with fresh credentials after a 401", async () => {
  const seen: (string | undefined)[] = [];
  await using server = await startTlsServer((request, response) => {
    seen.push(request.headers.authorization);
    response.statusCode = request.headers.authorization === "Bearer new" ? 200 : 401;
    response.end();
  }, { keyPair });
  let current = "Bearer old";
  await using client = connectTo(server.port, {
    authorization: (rejected) => {
      if (rejected === "Bearer old") current = "Bearer new";
      return Promise.resolve(current);
    },
  });
  const response = await client.transport.request({ method: "POST", path: "/", body: "{}" });
  response.cancel();
  assert.equal(response.status, 200);
  assert.deepEqual(seen, ["Bearer old", "Bearer new"]);
  const own = { method: "GET", path: "/", headers: { authorization: "Bearer own" } };
  const refused = await client.transport.request(own);
  refused.cancel();
  assert.equal(refused.status, 401);
  assert.deepEqual(seen.slice(2), ["Bearer own"]);
});

Deno.test("request() repeats after a 401 when it made the transport recycle", async () => {
  let requests = 0;
  await using server = await startTlsServer((_, response) => {
    requests += 1;
    response.statusCode = requests === 1 ? 401 : 200;
    response.end();
  }, { keyPair });
  await using client = connectTo(server.port, {
    // As a plugin does that gives certificates and no token.
    authorization(rejected) {
      if (rejected !== undefined) client.transport.recycle("credentials");
      return Promise.resolve(undefined);
    },
  });
  const response = await client.transport.request({ method: "GET", path: "/" });
  response.cancel();
  assert.equal(response.status, 200);
  assert.equal(server.sessions.length, 2);
});

Deno.test("body tells a stream reset with CANCEL from a clean end", async () => {
  await using server = await startTlsServer((_, response) => {
    response.writeHead(200);
    response.write('{"half":', () => setTimeout(() => response.stream.close(8), 10));
  }, { keyPair });
  await using client = connectTo(server.port);
  const response = await client.transport.request({ method: "GET", path: "/", stream: true });
  await assert.rejects(response.bytes(100), ofKind("reset"));
});

Deno.test("request() repeats any method once when the stream is refused", async () => {
  let requests = 0;
  await using server = await startTlsServer((_, response) => {
    requests += 1;
    if (requests === 1) response.stream.close(7);
    else response.end("ok");
  }, { keyPair });
  await using client = connectTo(server.port);
  assert.equal(await getText(client.transport, { method: "POST", body: "{}" }), "ok");
  assert.equal(requests, 2);
});

Deno.test("GOAWAY lets an open stream go on and sends new requests elsewhere", async () => {
  const recycled: string[] = [];
  await using server = await startTlsServer((request, response) => {
    if (request.url === "/open") {
      response.writeHead(200);
      response.write("a");
      setTimeout(() => request.stream.session?.goaway(0), 5);
      setTimeout(() => response.end("b"), 60);
    } else response.end("ok");
  }, { keyPair });
  await using client = connectTo(server.port, { onRecycle: (reason) => recycled.push(reason) });
  const response = await client.transport.request({ method: "GET", path: "/open", stream: true });
  const whole = response.bytes(100);
  await eventually("the session was retired", () => recycled.length === 1);
  assert.equal(await getText(client.transport), "ok");
  assert.equal(server.sessions.length, 2);
  assert.equal(new TextDecoder().decode(await whole), "ab");
  assert.equal(recycled[0], "goaway");
});

for (const kind of ["graceful", "graceful twice", "with an error code"]) {
  Deno.test(`50 rolls of GOAWAY ${kind} under load leave the process alive`, async () => {
    await using server = await startTlsServer((request, response) => {
      if (request.url === "/open") {
        response.writeHead(200);
        response.write("a");
      } else response.end("ok");
    }, { keyPair });
    await using client = connectTo(server.port, { drainTimeoutMs: 20 });
    const stop = new AbortController();
    let answers = 0;
    const caller = async (path: string) => {
      while (!stop.signal.aborted) {
        try {
          const init = { method: "GET", path, signal: stop.signal, stream: true };
          for await (const _ of (await client.transport.request(init)).body) answers += 1;
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

Deno.test("a frozen connection is found by ping and replaced", async () => {
  const clock = new ManualClock();
  await using server = await startTlsServer(open, { keyPair });
  await using relay = await startRelay(server.port);
  await using client = connectTo(relay.port, { clock });
  const response = await client.transport.request({ method: "GET", path: "/", stream: true });
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
  assert.equal(await getText(client.transport, { path: "/short" }), "first\n");
  assert.equal(relay.connections(), 2);
});

Deno.test("an answered ping keeps the connection", async () => {
  const clock = new ManualClock();
  await using server = await startTlsServer(open, { keyPair });
  await using client = connectTo(server.port, { clock });
  const response = await client.transport.request({ method: "GET", path: "/", stream: true });
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

Deno.test("recycle() moves new requests to a new connection", async () => {
  await using server = await startTlsServer(open, { keyPair });
  await using client = connectTo(server.port);
  const response = await client.transport.request({ method: "GET", path: "/", stream: true });
  client.transport.recycle("credentials");
  assert.equal(await getText(client.transport, { path: "/short" }), "first\n");
  assert.equal(server.sessions.length, 2);
  assert.ok(!server.sessions[0]?.destroyed);
  response.cancel();
  await eventually("the old session is gone", () => server.sessions[0]?.destroyed);
});
