/** A renewed certificate is served without a restart, with and without certificates of clients. */

import assert from "node:assert/strict";
import { connect } from "node:tls";
import { systemClock } from "#lib/run/clock.ts";
import type { Clock } from "#lib/run/clock.ts";
import { createCertificateAuthority } from "#tests/support/certificates.ts";
import type { KeyPair } from "#tests/support/certificates.ts";
import { eventually } from "#tests/support/eventually.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { startTlsListener } from "./tls_listener.ts";

/** Time in which ten seconds take a hundredth of one. */
const HURRIED: Clock = {
  ...systemClock,
  timer: (callback, delayMs, options) => systemClock.timer(callback, delayMs / 1000, options),
};

const NO_DEADLINE = new AbortController().signal;

async function listening({ asks }: { asks: boolean }) {
  const authority = await createCertificateAuthority();
  const issue = (commonName: string) => authority.issue({ commonName, ipAddresses: ["127.0.0.1"] });
  const client = await authority.issue({ commonName: "orders", usage: "client" });
  const dir = await tempDir();
  const write = (pair: KeyPair) =>
    Promise.all([
      dir.write("tls.crt", pair.certificatePem),
      dir.write("tls.key", pair.privateKeyPem),
    ]);
  const first = await issue("first");
  const [certFile, keyFile] = await write(first);
  const clientCaFile = asks ? await dir.write("ca.crt", authority.certificatePem) : undefined;
  const log = new CapturedLog();
  const slow = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const server = await startTlsListener(
    {
      name: "application",
      address: { hostname: "127.0.0.1", port: 0 },
      async handler(request) {
        if (!request.url.endsWith("/slow")) return new Response("fast");
        arrived.resolve();
        await slow.promise;
        return new Response("slow");
      },
    },
    { certFile, keyFile, clientCaFile },
    { log, clock: HURRIED },
  );
  const { port } = server.address;
  const caCerts = [authority.certificatePem];
  const cert = { cert: client.certificatePem, key: client.privateKeyPem };
  const known = Deno.createHttpClient({ caCerts, ...cert });
  const unknown = Deno.createHttpClient({ caCerts });
  return {
    ...{ issue, dir, write, first, log, server, slow, arrived },
    ask: (path: string) => fetch(`https://127.0.0.1:${port}${path}`, { client: known }),
    /** On a new connection without a certificate. */
    askUnknown: () => fetch(`https://127.0.0.1:${port}/`, { client: unknown }),
    /** Name in the certificate that a new connection is shown; `undefined` when there is none. */
    shown: () =>
      new Promise<string | undefined>((resolve) => {
        const socket = connect({ host: "127.0.0.1", port, ca: caCerts, ...cert }, () => {
          const { CN } = socket.getPeerCertificate().subject;
          resolve(Array.isArray(CN) ? CN[0] : CN);
          socket.destroy();
        });
        socket.once("error", () => resolve(undefined));
      }),
    async [Symbol.asyncDispose]() {
      slow.resolve();
      await server.stop(NO_DEADLINE);
      known.close();
      unknown.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

for (const asks of [false, true]) {
  const kind = asks ? "with certificates of clients" : "over plain TLS";

  Deno.test(`startTlsListener() serves a renewed certificate, ${kind}`, async () => {
    await using it = await listening({ asks });
    assert.equal(await it.shown(), "first");
    const inFlight = it.ask("/slow");
    await it.arrived.promise;
    await it.write(await it.issue("second"));
    await eventually("the second is shown", async () => await it.shown() === "second");
    it.slow.resolve();
    assert.equal(await (await inFlight).text(), "slow");
    assert.equal(await (await it.ask("/")).text(), "fast");
    if (asks) await assert.rejects(it.askUnknown());
    await it.write(await it.issue("third"));
    await eventually("the third is shown", async () => await it.shown() === "third");
    await eventually(
      "both are told",
      () => it.log.messages().filter((message) => message === "certificate renewed").length === 2,
    );
  });

  Deno.test(`startTlsListener() stays with a certificate that works, ${kind}`, async () => {
    await using it = await listening({ asks });
    const second = await it.issue("second");
    const failures = () =>
      it.log.messages().filter((message) => message.startsWith("renewed certificate cannot"))
        .length;
    // The halves of two pairs, as a renewal may look in its middle.
    await it.dir.write("tls.crt", second.certificatePem);
    await eventually("the mismatch is told", () => failures() > 0);
    const told = failures();
    assert.equal(await it.shown(), "first");
    await it.dir.write("tls.key", "no key at all");
    await eventually("the other is told", () => failures() > told);
    assert.equal(await it.shown(), "first");
    assert.equal(await (await it.ask("/")).text(), "fast");
    await it.write(second);
    await eventually("the second is shown", async () => await it.shown() === "second");
  });
}

Deno.test("startTlsListener() stops by the deadline, whoever still waits on an earlier certificate", async () => {
  await using it = await listening({ asks: false });
  const inFlight = it.ask("/slow");
  await it.arrived.promise;
  await it.write(await it.issue("second"));
  await eventually("the second is shown", async () => await it.shown() === "second");
  await it.server.stop(AbortSignal.abort());
  assert.equal(await it.shown(), undefined);
  it.slow.resolve();
  assert.equal(await (await inFlight).text(), "slow");
  await it.server.finished;
});
