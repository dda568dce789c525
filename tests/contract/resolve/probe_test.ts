/** `kcfg resolve --probe` over TLS, of what is not ready, and `--topology`: as users run them. */

import assert from "node:assert/strict";
import { createCertificateAuthority } from "#tests/support/certificates.ts";
import { startBackend } from "#tests/support/grpc_backend.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import type { JsonObject } from "#tests/support/kube_server/json.ts";
import { runKcfg, startKcfg } from "#tests/support/process.ts";
import { LEAKY } from "#tests/support/resolver_cluster.ts";
import { slice } from "#tests/support/slices.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const HOST = "127.0.0.2";

async function cluster(slices: Parameters<typeof slice>[1]) {
  const dir = await tempDir();
  const server = await startKubeServer();
  server.put(slice("web-1", slices));
  const config = await dir.write("config", server.kubeconfig());
  return {
    dir,
    config,
    put: (object: JsonObject) => void server.put(object),
    resolve: (...args: string[]) => runKcfg(["resolve", "--kubeconfig", config, ...args]),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** TLS in front of a server without: on Deno the gRPC library's own server cannot do it. */
function terminateTls(
  pair: { readonly cert: string; readonly key: string },
  port: number,
): AsyncDisposable & { readonly port: number } {
  const listener = Deno.listenTls({ hostname: HOST, port: 0, alpnProtocols: ["h2"], ...pair });
  const pipe = async (from: Deno.Conn, to: Deno.Conn) => {
    // A client that refuses the certificate ends the handshake, which is what it is asked to do.
    await from.readable.pipeTo(to.writable).catch(() => {});
  };
  const accepting = (async () => {
    for await (const inner of listener) {
      const outer = await Deno.connect({ hostname: HOST, port });
      void pipe(inner, outer);
      void pipe(outer, inner);
    }
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
    },
  };
}

const portOf = (port: number) => [{ name: "grpc", port, protocol: "TCP" }];

Deno.test(
  "resolve --probe-tls trusts the authority it is given, for the name it is given",
  LEAKY,
  async () => {
    const authority = await createCertificateAuthority();
    const { certificatePem, privateKeyPem } = await authority.issue({
      commonName: "web",
      dnsNames: ["web.example"],
    });
    const backend = await startBackend(HOST);
    await using tls = terminateTls({ cert: certificatePem, key: privateKeyPem }, backend.port);
    try {
      await using kube = await cluster({ ports: portOf(tls.port), endpoints: [HOST] });
      const ca = await kube.dir.write("ca.crt", authority.certificatePem);
      const probe = (...args: string[]) => kube.resolve("web.prod:grpc", "--probe", ...args);
      const named = await probe("--probe-tls", "--probe-ca", ca, "--probe-server-name=web.example");
      assert.equal(named.code, 0, named.stderr);
      assert.match(named.stdout, /SERVING/);
      const cases: readonly (readonly [string, string[], number])[] = [
        ["another name", ["--probe-tls", "--probe-ca", ca, "--probe-server-name=other.example"], 7],
        ["an authority nobody named", ["--probe-tls", "--probe-server-name=web.example"], 7],
        ["no TLS at all", [], 7],
        ["any certificate", ["--probe-tls", "--probe-insecure"], 0],
      ];
      for (const [what, args, code] of cases) {
        const tried = await probe("--probe-timeout=3s", "--probe-connect-timeout=3s", ...args);
        assert.equal(tried.code, code, `${what}: ${tried.stdout}${tried.stderr}`);
      }
    } finally {
      backend.kill();
    }
  },
);

Deno.test("resolve --probe --all tells what is not ready but serves", LEAKY, async () => {
  const backend = await startBackend(HOST);
  try {
    await using kube = await cluster({
      ports: portOf(backend.port),
      endpoints: [HOST, { addresses: ["127.0.0.3"], conditions: { ready: false } }],
    });
    const other = await startBackend("127.0.0.3", backend.port);
    try {
      const all = await kube.resolve("web.prod:grpc", "--probe", "--all");
      assert.equal(all.code, 0, all.stderr);
      assert.match(
        all.stderr,
        new RegExp(`127\\.0\\.0\\.3:${backend.port} is not ready but SERVING`),
      );
      const used = await kube.resolve("web.prod:grpc", "--probe");
      assert.equal(used.code, 0);
      assert.doesNotMatch(used.stderr, /warning/);
    } finally {
      other.kill();
    }
  } finally {
    backend.kill();
  }
});

Deno.test("resolve --probe asks each address of an endpoint of both families", LEAKY, async () => {
  const backend = await startBackend(HOST);
  try {
    await using kube = await cluster({ ports: portOf(backend.port), endpoints: [] });
    const targetRef = { kind: "Pod", namespace: "prod", name: "web-a", uid: "a" };
    const ports = portOf(backend.port);
    const of = (address: string) => ({ ports, endpoints: [{ addresses: [address], targetRef }] });
    kube.put(slice("web-4", of(HOST)));
    // Nobody listens there.
    kube.put(slice("web-6", { ...of("::1"), addressType: "IPv6" }));
    const probed = await kube.resolve("web.prod:grpc", "--probe", "-o", "json");
    assert.equal(probed.code, 7, probed.stderr);
    const { endpoints } = JSON.parse(probed.stdout);
    assert.equal(endpoints.length, 1);
    assert.deepEqual(
      endpoints[0].probe.map((one: Record<string, unknown>) => `${one.address} ${one.status}`),
      [`${HOST}:${backend.port} SERVING`, `[::1]:${backend.port} UNREACHABLE`],
    );
    const table = await kube.resolve("web.prod:grpc", "--probe");
    assert.match(table.stdout, /UNREACHABLE/);
    const one = await kube.resolve("web.prod:grpc", "--probe", "--family=ipv4");
    assert.equal(one.code, 0, one.stderr);
  } finally {
    backend.kill();
  }
});

Deno.test("resolve --probe keeps to --timeout, and ends at once by a signal", async (t) => {
  // It takes connections and never says anything.
  using silent = Deno.listen({ hostname: HOST, port: 0 });
  const { port } = silent.addr as Deno.NetAddr;
  await using kube = await cluster({ ports: portOf(port), endpoints: [HOST, "127.0.0.3"] });
  const args = ["--probe", "--probe-concurrency=1", "--probe-connect-timeout=1m", "web.prod"];
  await t.step("--timeout", async () => {
    const started = performance.now();
    const { code, stdout, stderr } = await kube.resolve("--timeout=1s", "-o", "json", ...args);
    assert.equal(code, 7, stderr);
    assert.ok(performance.now() - started < 4000);
    const { endpoints } = JSON.parse(stdout);
    const messages = endpoints.map(({ probe }: { probe: { message: string } }) => probe.message);
    assert.ok(messages.includes("not connected in time"), stdout);
    assert.equal(endpoints.length, 2);
    (await silent.accept()).close();
  });
  await t.step("a signal", async () => {
    await using kcfg = startKcfg(["resolve", "--kubeconfig", kube.config, ...args]);
    const connection = await silent.accept();
    kcfg.signal("SIGINT");
    assert.equal(await kcfg.exitCode(), 130, kcfg.stderr());
    connection.close();
  });
});

Deno.test("resolve --topology=zone keeps to the endpoints meant for the zone", async () => {
  const endpoint = (address: string, zone: string) => ({
    addresses: [address],
    conditions: { ready: true },
    zone,
    hints: { forZones: [{ name: zone }] },
  });
  await using kube = await cluster({
    endpoints: [endpoint("10.0.0.1", "a"), endpoint("10.0.0.2", "b")],
  });
  const addresses = async (...args: string[]) =>
    (await kube.resolve("web.prod:grpc", "-o", "addresses", ...args)).stdout;
  assert.equal(await addresses(), "10.0.0.1:50051\n10.0.0.2:50051\n");
  assert.equal(await addresses("--topology=zone", "--zone=b"), "10.0.0.2:50051\n");
  const lost = await kube.resolve("web.prod:grpc", "--topology=zone");
  assert.equal(lost.code, 2);
  assert.match(lost.stderr, /--topology: zone needs --zone/);
  // No hint for it: all of them, as kube-proxy does.
  assert.equal(await addresses("--topology=zone", "--zone=c"), "10.0.0.1:50051\n10.0.0.2:50051\n");
});

Deno.test("resolve --probe shows what a server answers in one line", LEAKY, async () => {
  const backend = await startBackend(HOST, 0, { health: "gone\x1b[2J\nkcfg: error: forged" });
  try {
    await using kube = await cluster({ ports: portOf(backend.port), endpoints: [HOST] });
    const { code, stderr } = await kube.resolve("web.prod:grpc", "--probe");
    assert.equal(code, 7, stderr);
    assert.match(stderr, /is ready but ERROR: gone\uFFFD\[2J\uFFFDkcfg: error: forged\n/);
  } finally {
    backend.kill();
  }
});

Deno.test("resolve --probe-header refuses what is no metadata, and keeps it to itself", async () => {
  await using kube = await cluster({ endpoints: [HOST] });
  for (const header of ["a b: hidden", "token-bin: hidden", "token: hid\nden"]) {
    const { code, stderr } = await kube.resolve("web.prod", "--probe", `--probe-header=${header}`);
    assert.equal(code, 2, `${header}: ${stderr}`);
    assert.match(stderr, /Flag --probe-header: /);
    assert.doesNotMatch(stderr, /hid/);
  }
});
