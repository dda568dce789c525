/** `kcfg resolve` and a channel of `@grpc/grpc-js` on a real API server, with real gRPC servers. */

import assert from "node:assert/strict";
import * as grpc from "@grpc/grpc-js";
import { newClientFromKubeconfig } from "#lib/grpc_resolver/deno.ts";
import { register, roundRobin } from "#lib/grpc_resolver/mod.ts";
import { openControlPlane } from "#tests/support/control_plane.ts";
import { testNamespace, writer } from "#tests/support/control_plane/harness.ts";
import { eventually } from "#tests/support/eventually.ts";
import { ask, startBackend } from "#tests/support/grpc_backend.ts";
import { startKcfg } from "#tests/support/process.ts";
import { slice } from "#tests/support/slices.ts";

const kubeconfig = Deno.env.get("KCFG_TEST_KUBE");
const reason = kubeconfig === undefined ? ": KCFG_TEST_KUBE is not set" : "";

/** An address of this machine that the API server takes into a slice: it refuses loopback and link-local ones. */
const HOST = Deno.networkInterfaces().find(({ family, address }) =>
  family === "IPv4" && !/^(?:127|169\.254)\./.test(address)
)?.address;
const noHost = HOST === undefined ? ": this machine has no address but loopback" : "";

async function cluster(path: string, host: string) {
  await using stack = new AsyncDisposableStack();
  const { admin } = await openControlPlane(path);
  const { name: namespace } = stack.use(await testNamespace(admin));
  const send = writer(admin);
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  await send("POST", `/api/v1/namespaces/${namespace}/services`, {
    metadata: { name: "web" },
    spec: { clusterIP: "None", ports: [{ name: "grpc", port: 50051 }] },
  });
  const owned = stack.move();
  return {
    target: `web.${namespace}:grpc`,
    /** A server with a slice of its own, because all endpoints of a slice have the same port. */
    async start(name: string) {
      const backend = await startBackend(host);
      owned.defer(() => backend.kill());
      const ports = [{ name: "grpc", port: backend.port, protocol: "TCP" }];
      await send("POST", slices, slice(name, { namespace, ports, endpoints: [host] }));
      return backend;
    },
    /** Takes the endpoint of a slice out. */
    empty: (name: string) => send("PATCH", `${slices}/${name}`, { endpoints: [] }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

Deno.test({
  name: `a channel follows the slices of a real API server${reason}${noHost}`,
  ignore: kubeconfig === undefined || HOST === undefined,
  // The library keeps timers of its own for a while after a channel is closed.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using kube = await cluster(kubeconfig ?? "", HOST ?? "");
    const old = await kube.start("web-1");
    const client = await newClientFromKubeconfig({ path: kubeconfig ?? "" });
    await register({ grpc, client });
    const channel = new grpc.Client(
      `kubernetes:///${kube.target}`,
      grpc.credentials.createInsecure(),
      roundRobin(),
    );
    try {
      assert.equal(await ask(channel), `${HOST}:${old.port}`);

      // A replacement: the new one first, then the old one out, then its end. No call fails meanwhile.
      const next = await kube.start("web-2");
      const seen = new Set<string>();
      await eventually("both answer", async () => seen.add(await ask(channel)).size === 2);
      await kube.empty("web-1");
      await eventually("the old one rests", async () => {
        const before = old.calls;
        for (let call = 0; call < 20; call++) await ask(channel);
        return old.calls === before;
      });
      await old.drain();
      for (let call = 0; call < 20; call++) {
        assert.equal(await ask(channel), `${HOST}:${next.port}`);
      }

      await kube.empty("web-2");
      await eventually("calls fail with the reason", async () => {
        const error = await ask(channel).then(() => undefined, (error) => error);
        return error?.code === grpc.status.UNAVAILABLE && /endpoints/.test(error.details);
      });
      await kube.start("web-3");
      await eventually("calls succeed again", () => ask(channel).then(() => true, () => false));
    } finally {
      channel.close();
      await client.close();
    }
  },
});

Deno.test({
  name: `resolve waits for endpoints and asks for their health${reason}${noHost}`,
  ignore: kubeconfig === undefined || HOST === undefined,
  async fn() {
    await using kube = await cluster(kubeconfig ?? "", HOST ?? "");
    const flags = ["--kubeconfig", kubeconfig ?? "", kube.target];
    await using nothing = startKcfg(["resolve", ...flags]);
    assert.equal(await nothing.exitCode(), 3);
    await using waiting = startKcfg(["resolve", "--wait=2", "--timeout=20s", ...flags]);
    await kube.start("web-1");
    const second = await kube.start("web-2");
    assert.equal(await waiting.exitCode(), 0, waiting.stderr());
    await using healthy = startKcfg(["resolve", "--probe", ...flags]);
    assert.equal(await healthy.exitCode(), 0, healthy.stderr());
    assert.equal(healthy.stdout().match(/SERVING/g)?.length, 2);
    second.kill();
    await using probing = startKcfg(["resolve", "--probe", ...flags]);
    assert.equal(await probing.exitCode(), 7);
    assert.match(probing.stderr(), new RegExp(`${HOST}:${second.port} is ready but`));
  },
});
