/**
 * A link that goes silent under a watch of endpoints, row 22 of resolve.md 17. Apart from the channels of
 * `outage_test.ts`, so that nothing of theirs hides a timer that is left behind.
 */

import { openLightTls } from "#lib/kube/transport/deno.ts";
import assert from "node:assert/strict";
import { watchEndpoints } from "#lib/grpc_resolver/mod.ts";
import { createKubeClient } from "#lib/kube/client.ts";
import { unrestricted } from "#lib/kube/scope/client_scope.ts";
import { ManualClock } from "#tests/support/clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { startRelay } from "#tests/support/relay.ts";
import { slice } from "#tests/support/slices.ts";

Deno.test(
  "row 22: a connection that goes silent is replaced within 55 s, and what was missed is seen",
  async () => {
    await using server = await startKubeServer();
    await using relay = await startRelay({ port: server.port });
    const clock = new ManualClock();
    const client = createKubeClient({
      scope: unrestricted(),
      clock,
      random: () => 0,
      transportOptions: { openLightTls },
      config: {
        server: `https://127.0.0.1:${relay.port}`,
        certificateAuthority: { text: server.caPem },
      },
    });
    const ended = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      const { signal } = ended;
      for await (
        const { endpoints } of watchEndpoints("kubernetes:///web.prod", { client, clock, signal })
      ) {
        seen.push(endpoints.map(({ host }) => host).join(" "));
      }
    })();
    try {
      server.put(slice("web-1", { endpoints: ["10.0.0.1"] }));
      await eventually("the first list", () => seen.length === 1);
      await eventually("the watch is open", () => server.watches().length === 1);
      relay.freeze();
      server.put(slice("web-1", { endpoints: ["10.0.0.1", "10.0.0.2"] }));
      const frozenMs = clock.monotonic();
      while (relay.acceptedCount === 1) {
        // Nothing is told meanwhile: the endpoints are kept.
        assert.deepEqual(seen, ["10.0.0.1"]);
        await clock.advance(1000);
        assert.ok(clock.monotonic() - frozenMs <= 55_000, "not found in time");
      }
      const foundMs = clock.monotonic() - frozenMs;
      await eventually("what was missed", () => seen.length > 1);
      assert.deepEqual(seen, ["10.0.0.1", "10.0.0.1 10.0.0.2"]);
      assert.ok(foundMs >= 15_000 && foundMs <= 46_000, `found after ${foundMs} ms`);
      const lists = server.requests.filter(({ path, query }) =>
        path.endsWith("/endpointslices") && !query.has("watch")
      );
      assert.equal(lists.length, 1);
    } finally {
      ended.abort();
      await watching;
      await client.close();
    }
  },
);
