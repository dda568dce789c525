/** Validity of certificates made by the tests' own authority. */

import assert from "node:assert/strict";
import { createCertificateAuthority } from "#tests/support/certificates.ts";
import { certificateValidity } from "./x509_validity.ts";

Deno.test("certificateValidity() reads both times, before and after 2050", async () => {
  const authority = await createCertificateAuthority();
  const notBefore = new Date("2026-01-02T03:04:05Z");
  for (const notAfter of [new Date("2049-12-31T23:59:59Z"), new Date("2050-01-01T00:00:00Z")]) {
    const { certificatePem } = await authority.issue({ commonName: "x", notBefore, notAfter });
    assert.deepEqual(certificateValidity(certificatePem), { notBefore, notAfter });
  }
});

Deno.test("certificateValidity() rejects what is no certificate", async () => {
  const { certificatePem } = await createCertificateAuthority();
  const lines = certificatePem.trim().split("\n");
  const cut = [lines[0], lines[1], lines.at(-1)].join("\n");
  for (const pem of ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", cut]) {
    assert.throws(() => certificateValidity(pem), SyntaxError);
  }
});
