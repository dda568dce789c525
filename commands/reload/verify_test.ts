/** The verification reaches a target as the reload does: with the certificates and the credentials it was given. */

import assert from "node:assert/strict";
import { systemClock } from "#lib/run/clock.ts";
import { createCertificateAuthority } from "#tests/support/certificates.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { beginVerification, type VerifyOptions } from "./verify.ts";

const { signal } = new AbortController();

async function verify(url: URL, more: Partial<VerifyOptions> = {}): Promise<void> {
  const options: VerifyOptions = {
    ...{ url, mode: "status", jsonPath: "", equals: "", intervalMs: 10, timeoutMs: 0 },
    ...{ isSuccess: (status) => status === 200, verifiesTls: true, caFile: undefined, ...more },
  };
  const verification = await beginVerification(options, { clock: systemClock, env: {} }, signal);
  await verification.wait("hash", signal);
}

Deno.test("beginVerification() trusts the certificates that the reload trusts", async () => {
  const authority = await createCertificateAuthority();
  const pair = await authority.issue({ commonName: "localhost", dnsNames: ["localhost"] });
  await using server = Deno.serve({
    ...{ hostname: "127.0.0.1", port: 0, onListen() {} },
    ...{ cert: pair.certificatePem, key: pair.privateKeyPem },
  }, () => new Response("ok"));
  await using dir = await tempDir();
  const caFile = await dir.write("ca.pem", authority.certificatePem);
  const url = new URL(`https://localhost:${server.addr.port}/`);
  await assert.rejects(verify(url), /certificate/i);
  await verify(url, { caFile });
});

Deno.test("beginVerification() sends the credentials of its URL", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    ({ headers }) =>
      new Response(null, {
        status: headers.get("authorization") === `Basic ${btoa("me:hunter2")}` ? 200 : 401,
      }),
  );
  const host = `127.0.0.1:${server.addr.port}`;
  await verify(new URL(`http://me:hunter2@${host}/`));
  await assert.rejects(verify(new URL(`http://${host}/`)), /answered 401/);
});
