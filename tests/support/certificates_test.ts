import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import tls from "node:tls";
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type KeyPair,
} from "#tests/support/certificates.ts";

Deno.test("createCertificateAuthority() issues certificates with names, usage and dates", async () => {
  const authority = await createCertificateAuthority({ commonName: "authority a" });
  const notAfter = new Date("2051-02-03T04:05:06Z");
  const pair = await authority.issue({
    commonName: "jane",
    organizations: ["team-a", "team-b"],
    dnsNames: ["kube.example"],
    ipAddresses: ["127.0.0.1", "fd00::1"],
    usage: "client",
    notBefore: new Date("2020-01-02T03:04:05Z"),
    notAfter,
  });
  const certificate = new X509Certificate(pair.certificatePem);
  assert.match(certificate.subject, /O=team-a/);
  assert.match(certificate.subject, /O=team-b/);
  assert.match(certificate.subject, /CN=jane/);
  assert.match(certificate.issuer, /CN=authority a/);
  assert.match(certificate.subjectAltName ?? "", /DNS:kube\.example/);
  assert.match(certificate.subjectAltName ?? "", /127\.0\.0\.1/);
  assert.equal(new Date(certificate.validTo).getTime(), notAfter.getTime());
  assert.equal(new Date(certificate.validFrom).getTime(), Date.parse("2020-01-02T03:04:05Z"));
});

Deno.test("a server certificate is trusted through its authority only, and only while it lasts", async (t) => {
  const authority = await createCertificateAuthority();
  const stranger = await createCertificateAuthority();
  const good = await authority.issue({ commonName: "server", ipAddresses: ["127.0.0.1"] });
  const past = new Date(Date.now() - 60_000);
  const expired = await authority.issue({
    commonName: "server",
    ipAddresses: ["127.0.0.1"],
    notAfter: past,
  });
  const elsewhere = await authority.issue({ commonName: "server", dnsNames: ["kube.example"] });
  await t.step("right authority", async () => {
    assert.equal(await handshake({ server: good, trusts: authority }), "trusted");
  });
  await t.step("wrong authority", async () => {
    assert.notEqual(await handshake({ server: good, trusts: stranger }), "trusted");
  });
  await t.step("expired", async () => {
    // Deno words an expired certificate as one it cannot verify, so only the refusal is compared.
    assert.notEqual(await handshake({ server: expired, trusts: authority }), "trusted");
  });
  await t.step("other name", async () => {
    assert.match(
      await handshake({ server: elsewhere, trusts: authority }),
      /altnames|valid for name|names/i,
    );
  });
  await t.step("other name, asked for by server name", async () => {
    assert.equal(
      await handshake({ server: elsewhere, trusts: authority, serverName: "kube.example" }),
      "trusted",
    );
  });
});

async function handshake(
  { server, trusts, serverName }: {
    server: KeyPair;
    trusts: CertificateAuthority;
    serverName?: string;
  },
): Promise<string> {
  const listener = tls.createServer({ key: server.privateKeyPem, cert: server.certificatePem });
  listener.on("secureConnection", (socket) => {
    socket.on("error", () => {});
    socket.end();
  });
  listener.on("tlsClientError", () => {});
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = tls.connect({
    host: "127.0.0.1",
    port,
    ca: trusts.certificatePem,
    rejectUnauthorized: true,
    ...(serverName === undefined ? {} : {
      servername: serverName,
      checkServerIdentity: (_host, certificate) => tls.checkServerIdentity(serverName, certificate),
    }),
  });
  socket.on("secureConnect", () => resolve("trusted"));
  socket.on("error", (error) => resolve(error.message));
  try {
    return await promise;
  } finally {
    socket.destroy();
    const closed = once(listener, "close");
    listener.close();
    await closed;
  }
}
