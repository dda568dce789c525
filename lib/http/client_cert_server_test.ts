/** What no client may do to a server that asks for certificates. */

import assert from "node:assert/strict";
import { silentLogger } from "#lib/log/logger.ts";
import { createCertificateAuthority } from "#tests/support/certificates.ts";
import { startClientCertServer } from "./client_cert_server.ts";

/** A server, and the certificate of a client that it takes. */
async function start() {
  const authority = await createCertificateAuthority();
  const pair = await authority.issue({ commonName: "kcfg", ipAddresses: ["127.0.0.1"] });
  const user = await authority.issue({ commonName: "orders", usage: "client" });
  const server = await startClientCertServer({
    name: "main",
    address: { hostname: "127.0.0.1", port: 0 },
    handler: () => new Response("ok"),
    tls: { cert: pair.certificatePem, key: pair.privateKeyPem },
    clientCa: authority.certificatePem,
  }, { log: silentLogger });
  return { authority, user, server };
}

Deno.test("startClientCertServer() stops at once beside a client that never begins its handshake", async () => {
  const { authority, user, server } = await start();
  const { port } = server.address;
  const silent = await Deno.connect({ hostname: "127.0.0.1", port });
  using client = Deno.createHttpClient({
    caCerts: [authority.certificatePem],
    cert: user.certificatePem,
    key: user.privateKeyPem,
  });
  // Behind it, so that the server has accepted the silent one.
  const answer = await fetch(`https://127.0.0.1:${port}/`, { client });
  assert.equal(await answer.text(), "ok");
  const deadline = new AbortController();
  await server.stop(deadline.signal);
  assert.equal(await silent.read(new Uint8Array(1)).catch(() => null), null);
  silent.close();
});

Deno.test("startClientCertServer() stops at once beside a client that is refused, or idle, and does not go", async () => {
  const { authority, user, server } = await start();
  const where = { ...server.address, caCerts: [authority.certificatePem] };
  using _refused = await Deno.connectTls(where);
  using idle = await Deno.connectTls({
    ...where,
    cert: user.certificatePem,
    key: user.privateKeyPem,
  });
  await idle.write(new TextEncoder().encode("GET / HTTP/1.1\r\nhost: a\r\n\r\n"));
  const answer = new Uint8Array(1024);
  const length = await idle.read(answer) ?? 0;
  assert.match(new TextDecoder().decode(answer.subarray(0, length)), /^HTTP\/1.1 200 /);
  await server.stop(new AbortController().signal);
});
