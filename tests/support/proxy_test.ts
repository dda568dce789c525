import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { startProxy } from "#tests/support/proxy.ts";

const GET = "GET /version HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

Deno.test("startProxy() tunnels CONNECT and asks for its password", async () => {
  await using server = await startKubeServer({ tls: false });
  await using proxy = await startProxy({ credentials: { username: "u", password: "p" } });
  const head = `CONNECT 127.0.0.1:${server.port} HTTP/1.1\r\nhost: x\r\n`;
  const refused = await exchange(proxy.port, async (socket) => {
    socket.write(`${head}\r\n`);
    return await rest(socket);
  });
  assert.match(refused, /^HTTP\/1\.1 407 /);
  const answer = await exchange(proxy.port, async (socket) => {
    socket.write(`${head}proxy-authorization: Basic ${btoa("u:p")}\r\n\r\n${GET}`);
    return await rest(socket);
  });
  assert.match(answer, /^HTTP\/1\.1 200 Connection established\r\n\r\nHTTP\/1\.1 200 OK/);
  assert.deepEqual(proxy.requests.map(({ kind, result }) => `${kind} ${result}`), [
    "connect 407",
    "connect 200",
  ]);
  assert.equal(proxy.requests[1]?.host, "127.0.0.1");
});

Deno.test("startProxy() tunnels SOCKS5 by name and by address", async (t) => {
  await using server = await startKubeServer({ tls: false });
  await using proxy = await startProxy();
  const port = [server.port >> 8, server.port & 0xff];
  const targets = {
    "127.0.0.1": [1, 127, 0, 0, 1],
    localhost: [3, 9, ...new TextEncoder().encode("localhost")],
  };
  for (const [host, address] of Object.entries(targets)) {
    await t.step(host, async () => {
      const answer = await exchange(proxy.port, async (socket) => {
        socket.write(Uint8Array.of(5, 1, 0));
        socket.write(Uint8Array.of(5, 1, 0, ...address, ...port));
        socket.write(GET);
        return await rest(socket);
      });
      assert.match(answer, /HTTP\/1\.1 200 OK/);
      assert.equal(proxy.requests.at(-1)?.host, host);
    });
  }
});

Deno.test("startProxy() refuses SOCKS5 without the password it wants", async () => {
  await using proxy = await startProxy({ credentials: { username: "u", password: "p" } });
  const bytes = await exchange(proxy.port, async (socket) => {
    socket.write(Uint8Array.of(5, 1, 0));
    return await rest(socket);
  });
  assert.equal(Buffer.from(bytes, "latin1").toString("hex"), "05ff");
});

Deno.test("startProxy() answers CONNECT with the status it was told", async () => {
  await using proxy = await startProxy({ connectStatus: 502 });
  const answer = await exchange(proxy.port, async (socket) => {
    socket.write("CONNECT a.example:443 HTTP/1.1\r\n\r\n");
    return await rest(socket);
  });
  assert.match(answer, /^HTTP\/1\.1 502 /);
});

async function exchange(
  port: number,
  use: (socket: Socket) => Promise<string>,
): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1" });
  await once(socket, "connect");
  try {
    return await use(socket);
  } finally {
    socket.destroy();
  }
}

async function rest(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += Buffer.from(chunk as Uint8Array).toString("latin1");
  return text;
}
