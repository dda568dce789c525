/** Tunnels through real proxies on the loopback interface: CONNECT, CONNECT over TLS, SOCKS5. */

import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { createCertificateAuthority } from "#tests/support/certificates.ts";
import { startTlsServer } from "#tests/support/tls_server.ts";
import { TransportError } from "../errors.ts";
import { createTransport } from "./transport.ts";

const authority = await createCertificateAuthority();
const keyPair = await authority.issue({
  commonName: "t",
  dnsNames: ["api.test"],
  ipAddresses: ["127.0.0.1", "::1"],
});

interface Proxy extends AsyncDisposable {
  readonly port: number;
  readonly seen: string[];
}

/** A proxy that forwards everything to `targetPort` once `greet` is done. */
async function startProxy(
  greet: (socket: Socket, seen: string[]) => Promise<boolean>,
  { targetPort, tls }: { readonly targetPort: number; readonly tls?: typeof keyPair },
): Promise<Proxy> {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const serve = async (near: Socket) => {
    sockets.add(near);
    near.on("error", () => "the client may leave at any time");
    if (!await greet(near, seen)) return void near.end();
    const far = connect(targetPort, "127.0.0.1");
    sockets.add(far);
    far.on("error", () => near.destroy());
    far.on("close", () => near.destroy());
    near.on("close", () => far.destroy());
    near.on("data", (chunk) => far.write(chunk));
    far.on("data", (chunk) => near.write(chunk));
    near.resume();
  };
  const server = tls === undefined
    ? createServer(serve)
    : createTlsServer({ key: tls.privateKeyPem, cert: tls.certificatePem }, serve);
  server.on("tlsClientError", () => "a client that does not trust the proxy");
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function nextData(socket: Socket): Promise<Uint8Array> {
  return new Promise((resolve) => {
    socket.once("data", (chunk: Uint8Array) => {
      socket.pause();
      resolve(chunk);
    });
    socket.resume();
  });
}

function httpConnect(answer: string) {
  return async (socket: Socket, seen: string[]) => {
    seen.push(new TextDecoder().decode(await nextData(socket)));
    socket.write(`HTTP/1.1 ${answer}\r\nx: y\r\n\r\n`);
    return answer.startsWith("2");
  };
}

async function socks5(socket: Socket, seen: string[]): Promise<boolean> {
  const hello = await nextData(socket);
  seen.push(`methods ${[...hello.subarray(2)]}`);
  if (hello.includes(2, 2)) {
    socket.write(Uint8Array.of(5, 2));
    seen.push(new TextDecoder().decode((await nextData(socket)).subarray(1)));
    socket.write(Uint8Array.of(1, 0));
  } else socket.write(Uint8Array.of(5, 0));
  const request = await nextData(socket);
  const address = request.subarray(4, -2);
  seen.push(request[3] === 3 ? new TextDecoder().decode(address.subarray(1)) : address.toHex());
  socket.write(Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
  return true;
}

async function through(
  proxyUrl: string,
  targetPort: number,
  host = "api.test",
): Promise<string> {
  const transport = createTransport({
    server: `https://${host}:${targetPort}`,
    tls: { ca: authority.certificatePem },
    proxyUrl,
    connectTimeoutMs: 2000,
  });
  try {
    const response = await transport.request({ method: "GET", path: "/" });
    return `${response.protocol} ${new TextDecoder().decode(await response.bytes(100))}`;
  } finally {
    await transport.close();
  }
}

for (const http1Only of [false, true]) {
  const protocol = http1Only ? "http/1.1" : "h2";
  Deno.test(`proxies of each kind carry ${protocol}`, async (t) => {
    await using server = await startTlsServer((_, response) => response.end("ok"), {
      keyPair,
      http1Only,
    });
    const target = { targetPort: server.port };
    await t.step("http with user and password", async () => {
      await using proxy = await startProxy(httpConnect("200 OK"), target);
      const text = await through(`http://us%40er:pass@127.0.0.1:${proxy.port}`, server.port);
      assert.equal(text, `${protocol} ok`);
      assert.match(proxy.seen[0] ?? "", /^CONNECT api\.test:\d+ HTTP\/1\.1\r\n/);
      assert.ok(proxy.seen[0]?.includes(`Proxy-Authorization: Basic ${btoa("us@er:pass")}\r\n`));
    });
    await t.step("https", async () => {
      await using proxy = await startProxy(httpConnect("200 OK"), { ...target, tls: keyPair });
      assert.equal(await through(`https://127.0.0.1:${proxy.port}`, server.port), `${protocol} ok`);
    });
    await t.step("socks5 without and with password", async () => {
      await using proxy = await startProxy(socks5, target);
      const url = `127.0.0.1:${proxy.port}`;
      assert.equal(await through(`socks5://${url}`, server.port), `${protocol} ok`);
      assert.equal(await through(`socks5h://u:p@${url}`, server.port), `${protocol} ok`);
      const hello = ["methods 0", "api.test", "methods 0,2", "\u0001u\u0001p", "api.test"];
      assert.deepEqual(proxy.seen, hello);
    });
    await t.step("socks5 to addresses", async () => {
      await using proxy = await startProxy(socks5, target);
      const url = `socks5://127.0.0.1:${proxy.port}`;
      assert.equal(await through(url, server.port, "127.0.0.1"), `${protocol} ok`);
      assert.equal(await through(url, server.port, "[::1]"), `${protocol} ok`);
      const hosts = ["7f000001", `${"0".repeat(31)}1`];
      assert.deepEqual(proxy.seen.filter((line) => !line.startsWith("methods")), hosts);
    });
  });
}

Deno.test("a proxy that refuses is an error of kind proxy without its password", async (t) => {
  const failed = async (proxyUrl: string, message: RegExp) => {
    await assert.rejects(through(proxyUrl, 1), (error) => {
      assert.ok(error instanceof TransportError);
      assert.equal(error.kind, "proxy");
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /hush/);
      return true;
    });
  };
  await t.step("407", async () => {
    await using proxy = await startProxy(httpConnect("407 No"), { targetPort: 1 });
    await failed(`http://u:hush@127.0.0.1:${proxy.port}`, /it answered 407/);
  });
  await t.step("is not there", async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    listener.close();
    const { port } = listener.addr as Deno.NetAddr;
    const said = new RegExp(`^Cannot connect to the proxy 127.0.0.1:${port}: `);
    await failed(`http://u:hush@127.0.0.1:${port}`, said);
  });
  await t.step("a password that is no part of a URL", async () => {
    await using proxy = await startProxy(httpConnect("200 OK"), { targetPort: 1 });
    await failed(`http://u:hush%zz@127.0.0.1:${proxy.port}`, /percent sign/);
  });
  await t.step("closes", async () => {
    await using proxy = await startProxy((socket) => Promise.resolve(socket.destroyed), {
      targetPort: 1,
    });
    await failed(`http://u:hush@127.0.0.1:${proxy.port}`, /closed the connection/);
  });
  await t.step("socks5 refusal", async () => {
    await using proxy = await startProxy(async (socket) => {
      await nextData(socket);
      socket.write(Uint8Array.of(5, 255));
      return false;
    }, { targetPort: 1 });
    await failed(`socks5://u:hush@127.0.0.1:${proxy.port}`, /none of the offered/);
  });
});
