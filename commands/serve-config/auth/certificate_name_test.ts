/** Names of certificates, read out of certificates that are made for it. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { createCertificateAuthority } from "#tests/support/certificates.ts";
import type { CertificateRequest } from "#tests/support/certificates.ts";
import { nameOf } from "./certificate_name.ts";

async function issued(request: CertificateRequest) {
  const { certificatePem } = await (await createCertificateAuthority()).issue(request);
  const raw = Uint8Array.fromBase64(certificatePem.replace(/-----[A-Z ]+-----|\s/g, ""));
  return { raw, commonName: request.commonName };
}

Deno.test("nameOf() takes the first URI or DNS name, else the common name", async (t) => {
  const spiffe = "spiffe://cluster.local/ns/team-a/sa/orders";
  const cases: [Omit<CertificateRequest, "commonName">, string][] = [
    [{}, "cn"],
    [{ ipAddresses: ["10.0.0.1"] }, "cn"],
    [{ dnsNames: ["orders.team-a", "x"], ipAddresses: ["10.0.0.1"] }, "orders.team-a"],
    [{ uris: [spiffe], dnsNames: ["x"] }, spiffe],
    // As one line of text this would be two names.
    [{ uris: ["a, DNS:admin"] }, "a, DNS:admin"],
  ];
  for (const [request, expected] of cases) {
    await t.step(expected, async () => {
      assert.equal(nameOf(await issued({ commonName: "cn", ...request })), expected);
    });
  }
});

Deno.test("nameOf() names nobody by a certificate that cannot be read", async () => {
  const { raw } = await issued({ commonName: "cn", dnsNames: ["orders"] });
  assert.equal(nameOf({ raw, commonName: undefined }), "orders");
  assert.equal(nameOf({ raw: raw.subarray(0, 200), commonName: "cn" }), undefined);
  assert.equal(nameOf({ raw: new Uint8Array(), commonName: "cn" }), undefined);
  fc.assert(fc.property(fc.nat(raw.length - 1), fc.nat(255), (at, byte) => {
    const broken = raw.slice();
    broken[at] = byte;
    nameOf({ raw: broken, commonName: "cn" });
  }));
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void nameOf({ raw: bytes, commonName: "cn" })));
});
