/** The certificate of a server, read without trusting it. */

import assert from "node:assert/strict";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { readServerCertificate } from "./server_certificate.ts";

const NEVER = new AbortController().signal;

Deno.test("readServerCertificate() tells when it expires, also when it has", async () => {
  for (const notAfter of [new Date("2049-05-06T07:08:09Z"), new Date("2020-01-01T00:00:00Z")]) {
    await using server = await startKubeServer({ tls: { notAfter } });
    const certificate = await readServerCertificate({ server: server.url }, { signal: NEVER });
    assert.deepEqual(certificate?.notAfter, notAfter);
  }
});

Deno.test("readServerCertificate() has nothing to tell of a server without TLS", async () => {
  const server = "http://127.0.0.1:1";
  assert.equal(await readServerCertificate({ server }, { signal: NEVER }), undefined);
});
