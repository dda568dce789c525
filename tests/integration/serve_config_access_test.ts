/** serve-config as a process with a door: certificates and tokens are asked for. */

import assert from "node:assert/strict";
import { createCertificateAuthority } from "#tests/support/certificates.ts";
import { eventually } from "#tests/support/eventually.ts";
import { startKcfg } from "#tests/support/process.ts";
import type { KcfgProcess } from "#tests/support/process.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

function serve(args: readonly string[], env: Record<string, string> = {}): KcfgProcess {
  return startKcfg([
    "serve-config",
    "--listen-addr=127.0.0.1:0",
    "--health-addr=127.0.0.1:0",
    "--metrics-addr=127.0.0.1:0",
    "--refresh=false",
    "--log-format=json",
    ...args,
  ], { env: { POD_IP: "127.0.0.1", ...env } });
}

async function portOf(kcfg: KcfgProcess): Promise<number> {
  const line = await eventually("kcfg is ready", () => kcfg.logLine("ready"));
  return Number(String(line["listen"]).split(":").at(-1));
}

Deno.test("with a client CA only clients with a certificate are served, paths as they were sent", async () => {
  const authority = await createCertificateAuthority();
  const server = await authority.issue({ commonName: "kcfg", ipAddresses: ["127.0.0.1"] });
  const client = await authority.issue({ commonName: "orders", usage: "client" });
  await using dir = await tempDir();
  await dir.write("files/a.yml", "k: v");
  const cert = await dir.write("tls.crt", server.certificatePem);
  const key = await dir.write("tls.key", server.privateKeyPem);
  const ca = await dir.write("ca.crt", authority.certificatePem);
  for (const asks of [true, false]) {
    await using kcfg = serve([
      `--backend=dir:${dir.path}/files`,
      "--groupcache-port=:0",
      `--tls-cert-file=${cert}`,
      `--tls-key-file=${key}`,
      ...(asks ? [`--tls-client-ca-file=${ca}`] : []),
    ]);
    const base = `https://127.0.0.1:${await portOf(kcfg)}`;
    const caCerts = [authority.certificatePem];
    using known = Deno.createHttpClient({
      caCerts,
      cert: client.certificatePem,
      key: client.privateKeyPem,
    });
    using unknown = Deno.createHttpClient({ caCerts });
    const answer = await fetch(`${base}/a.yml`, { client: known });
    assert.deepEqual([answer.status, await answer.text()], [200, "k: v"]);
    const refused = await fetch(`${base}/%2e%2e%2fa.yml`, { client: known });
    assert.deepEqual([refused.status, await refused.text()], [400, "bad request"]);
    const asked = fetch(`${base}/a.yml`, { client: unknown });
    if (asks) await assert.rejects(asked);
    else assert.equal(await (await asked).text(), "k: v");
    kcfg.signal("SIGTERM");
    assert.equal(await kcfg.exitCode(), 0);
  }
});

Deno.test("a client reads by its certificate the application of its name", async () => {
  const authority = await createCertificateAuthority();
  const server = await authority.issue({ commonName: "kcfg", ipAddresses: ["127.0.0.1"] });
  const client = await authority.issue({
    commonName: "billing",
    uris: ["spiffe://cluster.local/ns/team-a/sa/orders"],
    usage: "client",
  });
  await using dir = await tempDir();
  for (const name of ["orders-dev.yml", "billing-dev.yml"]) {
    await dir.write(`files/${name}`, "k: v");
  }
  await using kcfg = serve([
    `--backend=dir:${dir.path}/files`,
    "--groupcache-port=:0",
    `--tls-cert-file=${await dir.write("tls.crt", server.certificatePem)}`,
    `--tls-key-file=${await dir.write("tls.key", server.privateKeyPem)}`,
    `--tls-client-ca-file=${await dir.write("ca.crt", authority.certificatePem)}`,
    "--auth=mtls",
    "--authz=same-name",
  ]);
  const base = `https://127.0.0.1:${await portOf(kcfg)}`;
  using known = Deno.createHttpClient({
    caCerts: [authority.certificatePem],
    cert: client.certificatePem,
    key: client.privateKeyPem,
  });
  const ask = async (path: string) => {
    const answer = await fetch(`${base}${path}`, { client: known });
    await answer.body?.cancel();
    return answer.status;
  };
  assert.equal(await ask("/orders-dev.yml"), 200);
  assert.equal(await ask("/orders-dev.yml"), 200, "of a hit, on the same connection");
  assert.equal(await ask("/billing-dev.yml"), 403);
});

Deno.test("a token file closes the door, health stays open", async () => {
  await using dir = await tempDir();
  await dir.write("files/orders-dev.yml", "k: v");
  const tokens = await dir.write("tokens", "t1 orders\n");
  await using kcfg = serve([
    `--backend=dir:${dir.path}/files`,
    "--groupcache-port=:0",
    "--auth=bearer",
    `--auth-token-file=${tokens}`,
  ]);
  const port = await portOf(kcfg);
  const ask = async (authorization?: string) => {
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await fetch(`http://127.0.0.1:${port}/orders-dev.yml`, { headers });
    await answer.body?.cancel();
    return [answer.status, answer.headers.get("vary")];
  };
  assert.deepEqual(await ask(), [401, null]);
  assert.deepEqual(await ask("Bearer t2"), [401, null]);
  assert.deepEqual(await ask("Bearer t1"), [200, "Authorization"]);
  await Deno.writeTextFile(tokens, "t2 orders\n");
  await eventually("the new token counts", async () => (await ask("Bearer t2"))[0] === 200);
  assert.ok(!kcfg.stderr().includes("t1 "), "no token in the log");
});
