/** TLS of the runtime's own: what it leaves to Node's layer, and how it ends. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { startSilentServer, startTlsServer } from "#tests/support/tls_server.ts";
import { authority, echo, HTTP1, keyPair, ofKind } from "#tests/support/transport_fixture.ts";
import type { LightTlsTarget } from "./contract.ts";
import { openLightTls } from "./deno.ts";

function targetOf(port: number, more: Partial<LightTlsTarget> = {}): LightTlsTarget {
  return {
    ...{ server: `127.0.0.1:${port}`, host: "127.0.0.1", port, name: "127.0.0.1" },
    ...{ ca: authority.certificatePem, signal: new AbortController().signal, onAbandoned() {} },
    ...more,
  };
}

/** A server that sends as fast as it can, in a thread of its own. */
async function startFlood() {
  const script = `onmessage = async ({ data }) => {
    const listener = Deno.listenTls({ ...data, port: 0, alpnProtocols: ["h2"] });
    postMessage(listener.addr.port);
    const connection = await listener.accept();
    const block = new Uint8Array(1024 * 1024);
    try {
      while (true) await connection.write(block);
    } catch {
      listener.close();
      postMessage("over");
    }
  }`;
  const worker = new Worker(`data:text/javascript,${encodeURIComponent(script)}`, {
    type: "module",
  });
  const said = () => new Promise<unknown>((resolve) => worker.onmessage = (e) => resolve(e.data));
  const { certificatePem: cert, privateKeyPem: key } = keyPair;
  worker.postMessage({ hostname: "127.0.0.1", cert, key });
  const port = Number(await said());
  const over = said();
  return {
    port,
    async [Symbol.asyncDispose]() {
      await over;
      worker.terminate();
    },
  };
}

Deno.test("openLightTls() connects to a server that it can verify", async () => {
  await using server = await startTlsServer(echo, { keyPair });
  const connection = await openLightTls(targetOf(server.port));
  assert.ok(connection !== undefined);
  connection.close();
  connection.close();
});

Deno.test("openLightTls() leaves what it cannot verify or read to others", async () => {
  await using server = await startTlsServer(echo, { keyPair });
  await using old = await startTlsServer(echo, HTTP1.server);
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const targets = {
    "another name": targetOf(server.port, { name: "other.test" }),
    "a name that is none": targetOf(server.port, { name: "a b" }),
    "an authority that is none": targetOf(server.port, { ca: broken }),
    "no HTTP/2": targetOf(old.port),
  };
  for (const [name, target] of Object.entries(targets)) {
    assert.equal(await openLightTls(target), undefined, name);
  }
});

Deno.test("openLightTls() says connect when the connection ends within the handshake", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const closed = listener.accept().then((connection) => connection.close());
  const { port } = listener.addr as Deno.NetAddr;
  await assert.rejects(openLightTls(targetOf(port)), ofKind("connect"));
  await closed;
  listener.close();
});

Deno.test("openLightTls() ends with its signal and closes what it has opened", async (t) => {
  const reason = new Error("given up");
  const realConnect = Deno.connect;
  const realStartTls = Deno.startTls;
  const cases: Record<string, (abort: () => void) => void> = {
    "before the connection": (abort) => {
      Deno.connect = ((options: Deno.ConnectOptions) => {
        const opening = realConnect(options);
        abort();
        return opening;
      }) as typeof Deno.connect;
    },
    "as the connection comes": (abort) => {
      Deno.connect = (async (options: Deno.ConnectOptions) => {
        const connection = await realConnect(options);
        abort();
        return connection;
      }) as typeof Deno.connect;
    },
    "as TLS begins": (abort) => {
      Deno.startTls = (connection, options) => {
        const starting = realStartTls(connection, options);
        abort();
        return starting;
      };
    },
    "within the handshake": (abort) => {
      Deno.startTls = async (connection, options) => {
        const tls = await realStartTls(connection, options);
        setTimeout(abort, 5);
        return tls;
      };
    },
  };
  for (const [name, arrange] of Object.entries(cases)) {
    await t.step(name, async () => {
      await using server = await startSilentServer();
      const owner = new AbortController();
      const { signal } = owner;
      let isAbandoned = false;
      const onAbandoned = () => isAbandoned = true;
      arrange(() => owner.abort(reason));
      try {
        const opening = openLightTls(targetOf(server.port, { signal, onAbandoned }));
        await assert.rejects(opening, (error) => error === reason);
      } finally {
        Deno.connect = realConnect;
        Deno.startTls = realStartTls;
      }
      // Of the runtime's handshakes the connection is left to the server.
      assert.equal(isAbandoned, /TLS|handshake/.test(name));
      if (name === "as the connection comes") {
        await eventually("the server has seen the end", () => server.ended() === 1);
      }
    });
  }
});

Deno.test("a peer that sends without end does not stop the clock", async () => {
  await using server = await startFlood();
  const connection = await openLightTls(targetOf(server.port));
  assert.ok(connection !== undefined);
  const start = performance.now();
  let isOver = false;
  const timer = setTimeout(() => isOver = true, 50);
  let bytes = 0;
  while (!isOver && performance.now() - start < 500) {
    bytes += (await connection.read())?.length ?? 0;
    // What frames cost to look at.
    for (const end = performance.now() + 5; performance.now() < end;);
  }
  clearTimeout(timer);
  connection.close();
  assert.ok(isOver);
  assert.ok(bytes > 0);
});
