/** A broker that says nothing; what real ones say is tested in `tests/integration/serve_config_bus_test.ts`. */

import assert from "node:assert/strict";
import { silentLogger } from "#lib/log/logger.ts";
import { systemClock } from "#lib/run/clock.ts";
import { subscribe } from "./subscription.ts";

Deno.test("subscribe() ends at once when told to, also while a broker is silent", async () => {
  const broker = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const stopping = new AbortController();
  const subscription = subscribe({
    address: {
      tls: false,
      hostname: "127.0.0.1",
      port: broker.addr.port,
      username: "guest",
      password: "guest",
      vhost: "/",
    },
    exchange: "springCloudBus",
    queuePrefix: "config-event-queue",
    consumerTag: "kcfg",
  }, {
    clock: systemClock,
    log: silentLogger,
    random: () => 0,
    onMessage() {},
    onSubscribed() {},
    signal: stopping.signal,
  });
  const connection = await broker.accept();
  // Its header, which is never answered.
  assert.equal(await connection.read(new Uint8Array(8)), 8);
  const startedAt = performance.now();
  stopping.abort();
  await subscription.finished;
  assert.ok(performance.now() - startedAt < 2000, "the package would wait ten seconds");
  connection.close();
  broker.close();
});
