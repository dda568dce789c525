/** Whom the transport trusts, and how it shows who it is. */

import assert from "node:assert/strict";
import { createCertificateAuthority } from "#tests/support/certificates.ts";
import { startTlsServer } from "#tests/support/tls_server.ts";
import {
  authority,
  connectTo,
  echo,
  getText,
  HEAVY,
  keyPair,
  LIGHT,
  ofKind,
  trusted,
  type Way,
} from "#tests/support/transport_fixture.ts";

for (const { name: way, client } of [LIGHT, HEAVY]) {
  Deno.test(`createTransport() over ${way} verifies certificates`, async (t) => {
    await verifyCertificates(t, client);
  });
}

async function verifyCertificates(t: Deno.TestContext, options: Way["client"]): Promise<void> {
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
    {
      name: "an authority that is none",
      port: byAddress.port,
      tls: { ca: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" },
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
      await using client = connectTo(port, { ...options, tls });
      if (ok) assert.equal(await getText(client.transport), "GET /x");
      else await assert.rejects(getText(client.transport), ofKind("tls"));
    });
  }
}

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
