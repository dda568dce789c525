/** What renewal needs of its surroundings; renewal itself is tested where it is used (`auth/tls_listener_test.ts`). */

import assert from "node:assert/strict";
import { systemClock } from "#lib/run/clock.ts";
import { createCertificateAuthority } from "#tests/support/certificates.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { startRenewableServer } from "./renewable_server.ts";

Deno.test({
  name: "RenewableServer.renew() keeps its listener where a sandbox would not let it listen again",
  permissions: { net: ["127.0.0.1:0"] },
  async fn() {
    const authority = await createCertificateAuthority();
    const issue = async (commonName: string) => {
      const { certificatePem, privateKeyPem } = await authority.issue({ commonName });
      return { cert: certificatePem, key: privateKeyPem };
    };
    const log = new CapturedLog();
    const server = startRenewableServer({
      name: "application",
      address: { hostname: "127.0.0.1", port: 0 },
      handler: () => new Response("x"),
      tls: await issue("first"),
    }, { log, clock: systemClock });
    try {
      await assert.rejects(
        server.renew(await issue("second")),
        /Cannot listen on 127\.0\.0\.1:\d+ again: the sandbox does not allow it; give .* a port instead of 0/,
      );
      assert.deepEqual(log.messages(), []);
    } finally {
      await server.stop(new AbortController().signal);
    }
    await server.finished;
  },
});
