/** Channels while their API server, their link or their credentials fail: rows 12, 13 and 15 to 17 of resolve.md 17. */

import assert from "node:assert/strict";
import * as grpc from "@grpc/grpc-js";
import type { GrpcModule } from "#lib/grpc_resolver/mod.ts";
import { eventually } from "#tests/support/eventually.ts";
import { ask } from "#tests/support/grpc_backend.ts";
import { failureOf, LEAKY, publish, resolverCluster } from "#tests/support/resolver_cluster.ts";

Deno.test(
  "row 12: a call before the API server is up fails within a second, later ones succeed",
  LEAKY,
  async () => {
    await using kube = await resolverCluster();
    const backend = await kube.backend("127.0.0.2");
    publish(kube.server, [backend]);
    await kube.server.pause();
    const channel = await kube.channel("kubernetes:///web.prod:grpc");
    const startMs = performance.now();
    const error = await failureOf(ask(channel));
    assert.ok(performance.now() - startMs < 1000);
    assert.equal(error.code, grpc.status.UNAVAILABLE);
    assert.match(error.details, /service "prod\/web": API server unreachable: /);
    await kube.server.resume();
    const answer = await eventually("calls succeed", () => ask(channel).catch(() => undefined));
    assert.equal(answer, `127.0.0.2:${backend.port}`);
  },
);

Deno.test(
  "row 13: calls go on while the API server is away, and see what changed when it is back",
  LEAKY,
  async () => {
    await using kube = await resolverCluster();
    const old = await kube.backend("127.0.0.2");
    const fresh = await kube.backend("127.0.0.3", old.port);
    publish(kube.server, [old]);
    const channel = await kube.channel("kubernetes:///web.prod:grpc");
    await ask(channel);
    await kube.server.pause();
    publish(kube.server, [fresh]);
    for (let call = 0; call < 200; call++) {
      assert.equal(await ask(channel), `127.0.0.2:${old.port}`);
    }
    await kube.server.resume();
    await eventually(
      "the change is seen",
      async () => await ask(channel) === `127.0.0.3:${old.port}`,
    );
  },
);

/** gRPC whose resolvers count how often they are asked. */
function countingGrpc(): { readonly module: GrpcModule; readonly asked: () => number } {
  let asked = 0;
  const registerResolver: typeof grpc.experimental.registerResolver = (scheme, resolver) => {
    grpc.experimental.registerResolver(
      scheme,
      class extends resolver {
        override updateResolution() {
          asked += 1;
          super.updateResolution();
        }
      },
    );
  };
  const experimental = { ...grpc.experimental, registerResolver };
  return { module: { ...grpc, experimental } as GrpcModule, asked: () => asked };
}

/** Milliseconds of the processor that this thread has had; other files' tests run in threads of their own. */
function threadMs(): number {
  const stat = Deno.readTextFileSync("/proc/thread-self/stat");
  const [user = "0", system = "0"] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13);
  // In clock ticks, which are hundredths of a second on every Linux.
  return (Number(user) + Number(system)) * 10;
}

Deno.test(
  "row 15: endpoints nobody listens on for three seconds keep neither gRPC nor the processor busy",
  LEAKY,
  async () => {
    await using kube = await resolverCluster();
    const gone = await kube.backend("127.0.0.2");
    publish(kube.server, [gone]);
    gone.kill();
    const { module, asked } = countingGrpc();
    const channel = await kube.channel("kubernetes:///web.prod:grpc", { grpc: module });
    const beforeMs = threadMs();
    const { code } = await failureOf(ask(channel, 3000, { waitForReady: true }));
    const usedMs = threadMs() - beforeMs;
    assert.equal(code, grpc.status.DEADLINE_EXCEEDED);
    assert.ok(asked() > 0 && asked() < 20, `asked ${asked()} times`);
    assert.ok(usedMs < 1000, `${usedMs} ms of the processor`);
  },
);

Deno.test(
  "row 16: a replaced token is read when the old one is rejected, and the watch goes on",
  LEAKY,
  async () => {
    let tokenPath = "";
    await using kube = await resolverCluster({
      users: { old: { name: "pod", groups: ["system:masters"] } },
    }, {
      async kubeconfig(text, dir) {
        tokenPath = await dir.write("token", "old\n");
        const config = JSON.parse(text);
        config.users[0].user = { tokenFile: tokenPath };
        return JSON.stringify(config);
      },
    });
    const first = await kube.backend("127.0.0.2");
    const second = await kube.backend("127.0.0.3", first.port);
    publish(kube.server, [first]);
    const channel = await kube.channel("kubernetes:///web.prod:grpc");
    await ask(channel);
    await Deno.writeTextFile(tokenPath, "new\n");
    kube.server.rotateToken("old", "new");
    kube.server.cutConnections();
    await eventually("the watch is open", () => kube.server.watches().length === 1, {
      withinMs: 2000,
    });
    publish(kube.server, [second]);
    await eventually(
      "the change is seen",
      async () => await ask(channel) === `127.0.0.3:${first.port}`,
    );
  },
);

Deno.test(
  "row 17: a channel that has gone idle has no watch, and opens one with its next call",
  LEAKY,
  async () => {
    await using kube = await resolverCluster();
    const backend = await kube.backend("127.0.0.2");
    publish(kube.server, [backend]);
    const channel = await kube.channel("kubernetes:///web.prod:grpc", {
      channel: { "grpc.client_idle_timeout_ms": 1000 },
    });
    await ask(channel);
    assert.equal(kube.server.watches().length, 1);
    await eventually("the watch is closed", () => kube.server.watches().length === 0);
    assert.equal(await ask(channel), `127.0.0.2:${backend.port}`);
    assert.equal(kube.server.watches().length, 1);
  },
);
