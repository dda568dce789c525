/** serve-config on a real RabbitMQ: three replicas in a ring, events, a broker that dies and comes back. */

import assert from "node:assert/strict";
import { BusListener } from "#tests/support/bus_listener.ts";
import { BusPublisher } from "#tests/support/bus_publisher.ts";
import { eventually, inTheEnd } from "#tests/support/eventually.ts";
import { rabbitMqUnavailable, startRabbitMq } from "#tests/support/rabbitmq.ts";
import { joinRing, startReplica, testBackend } from "#tests/support/replicas.ts";
import type { Replica } from "#tests/support/replicas.ts";

const unavailable = await rabbitMqUnavailable();

const MISSING_BUS = "bus is not connected";
const KEYS = ["/orders-dev.yml", "/orders-prod.yml", "/billing-dev.yml"];

async function startThree(backend: string, url: string): Promise<readonly Replica[]> {
  const flags = { backend, refresh: "true", "amqp-url": url };
  const replicas = await Promise.all([1, 2, 3].map(() => startReplica(flags)));
  joinRing(replicas);
  await allConnected(replicas);
  return replicas;
}

async function allConnected(replicas: readonly Replica[]): Promise<void> {
  await eventually("all are subscribed", async () => {
    const connected = await Promise.all(replicas.map((one) => one.metric("kcfg_amqp_connected")));
    return connected.every((value) => value === 1);
  });
}

async function read(replicas: readonly Replica[], key: string): Promise<string[]> {
  return await Promise.all(replicas.map((replica) => replica.text(key)));
}

async function untilAll(replicas: readonly Replica[], key: string, text: string): Promise<number> {
  const startedAt = performance.now();
  await eventually(`${key} is "${text}" everywhere`, async () => {
    return (await read(replicas, key)).every((one) => one === text);
  });
  return performance.now() - startedAt;
}

Deno.test({
  name: `serve-config follows the bus of a real RabbitMQ${unavailable ? `: ${unavailable}` : ""}`,
  ignore: unavailable !== undefined,
  async fn(t) {
    await using broker = await startRabbitMq();
    await using backend = testBackend();
    for (const key of KEYS) backend.objects.set(key, "v0");
    const replicas = await startThree(backend.url, broker.url);
    try {
      await t.step("the queue is declared as the replaced program declares it", async () => {
        const queues = await broker.ctl(
          "list_queues",
          ...["name", "durable", "auto_delete", "exclusive", "arguments", "--no-table-headers"],
        );
        const lines = queues.trim().split("\n");
        assert.equal(lines.length, 3);
        for (const line of lines) {
          assert.match(line, /^config-event-queue\.[0-9A-Za-z]{27}\tfalse\ttrue\ttrue\t\[\]$/);
        }
        const exchanges = await broker.ctl(
          "list_exchanges",
          ...["name", "type", "durable", "auto_delete", "internal", "arguments"],
        );
        assert.match(exchanges, /^springCloudBus\ttopic\ttrue\tfalse\tfalse\t\[\]$/m);
        const bindings = await broker.ctl("list_bindings", "source_name", "routing_key");
        assert.equal(bindings.match(/^springCloudBus\t#$/gm)?.length, 3);
      });

      await t.step("an event refreshes exactly the named application on all three", async () => {
        for (const key of KEYS) await untilAll(replicas, key, "v0");
        for (const key of KEYS) backend.objects.set(key, "v1");
        await using publisher = await BusPublisher.open(broker.url);
        publisher.refresh("orders:**");
        await untilAll(replicas, "/orders-dev.yml", "v1");
        await untilAll(replicas, "/orders-prod.yml", "v1");
        assert.deepEqual(await read(replicas, "/billing-dev.yml"), ["v0", "v0", "v0"]);
      });

      await t.step("a broadcast refreshes all, whatever its form", async () => {
        await using publisher = await BusPublisher.open(broker.url);
        let version = 1;
        for (const destination of ["**", "*:**", "", null]) {
          version += 1;
          for (const key of KEYS) backend.objects.set(key, `v${version}`);
          publisher.refresh(destination);
          for (const key of KEYS) await untilAll(replicas, key, `v${version}`);
        }
      });

      await t.step("what cannot be read is counted, and nothing ends", async () => {
        await using publisher = await BusPublisher.open(broker.url);
        publisher.send("no json");
        publisher.send([1]);
        publisher.send({ type: 5 });
        publisher.send({ type: "AckRemoteApplicationEvent" });
        publisher.send("x".repeat(2_000_000));
        backend.objects.set("/orders-dev.yml", "after");
        publisher.refresh("orders:dev:**");
        await untilAll(replicas, "/orders-dev.yml", "after");
        const series = (result: string) =>
          `kcfg_refresh_events_total{source="amqp",result="${result}"}`;
        // It may be fresh by a word of the others before its own queue is read.
        await eventually(
          "all of them are counted",
          async () =>
            await replicas[0]?.metric(series("malformed")) === 3 &&
            await replicas[0]?.metric(series("ignored")) === 1,
        );
        assert.equal(await replicas[0]?.metric("kcfg_amqp_connects_total"), 1);
      });

      await t.step(
        "a broker that refuses is asked again after a while, and said so once",
        async () => {
          // Its type is another, so that declaring it is refused with 406.
          const flags = { backend: backend.url, refresh: "true", "amqp-url": broker.url };
          await using refused = await startReplica({ ...flags, "amqp-exchange": "amq.direct" });
          const failures = () => refused.log.lines.filter((line) => line.message === MISSING_BUS);
          await eventually("it was refused", () => failures().length === 1);
          const [failure] = failures();
          assert.match(String(failure?.fields["err"]), /40[36]/);
          assert.ok(Number(failure?.fields["retryMs"]) >= 800);
          assert.equal(await refused.metric("kcfg_amqp_connects_total"), 0);
          assert.equal(await refused.text(KEYS[0] ?? ""), "after");
        },
      );

      await t.step(
        "a webhook's word is published for everybody on the bus when wanted",
        async () => {
          await using listener = await BusListener.open(broker.url);
          const flags = { backend: backend.url, refresh: "true", "amqp-url": broker.url };
          // In no ring with the others, which hear of it by the bus alone.
          await using replica = await startReplica({ ...flags, "monitor-publish": "true" });
          await allConnected([replica]);
          for (const key of KEYS) backend.objects.set(key, "published");
          const answer = await replica.fetch("/monitor", {
            method: "POST",
            body: JSON.stringify({ path: "orders-dev.yml" }),
          });
          assert.deepEqual(await answer.json(), ["orders-dev", "orders"]);
          await untilAll(replicas, "/orders-prod.yml", "published");
          await eventually("both were heard", () => listener.heard.length === 2);
          for (const [at, destination] of ["orders-dev:**", "orders:**"].entries()) {
            const { text = "", contentType, routingKey } = listener.heard[at] ?? {};
            assert.deepEqual([contentType, routingKey], ["application/json", "springCloudBus"]);
            const { type, destinationService, originService, id, timestamp } = JSON.parse(text);
            assert.deepEqual([type, destinationService], [
              "RefreshRemoteApplicationEvent",
              destination,
            ]);
            assert.match(originService, /^kcfg:0:.+/);
            assert.match(id, /^[0-9a-f-]{36}$/);
            assert.ok(Math.abs(timestamp - Date.now()) < 60_000);
          }
        },
      );

      await t.step("a change while the broker is away is seen when it is back", async () => {
        for (const key of KEYS) backend.objects.set(key, "before");
        await using publisher = await BusPublisher.open(broker.url);
        publisher.refresh("**");
        for (const key of KEYS) await untilAll(replicas, key, "before");
        await broker.kill();
        await eventually("all know that it is gone", async () => {
          const states = await Promise.all(
            replicas.map((one) => one.metric("kcfg_amqp_connected")),
          );
          return states.every((state) => state === 0);
        });
        const ready = await replicas[0]?.fetch("/readyz", { listener: "health" });
        assert.equal(ready?.status, 200);
        assert.equal((await ready?.json()).checks.bus.status, "warn");
        await eventually("everything is kept, the last waves of the event are over", async () => {
          const asked = backend.asked.length;
          for (const key of KEYS) await read(replicas, key);
          return backend.asked.length === asked;
        });
        for (const key of KEYS) backend.objects.set(key, "meanwhile");
        assert.deepEqual(await read(replicas, "/orders-dev.yml"), ["before", "before", "before"]);
        await broker.start();
        for (const replica of replicas) {
          await inTheEnd(
            "it is subscribed again",
            async () => await replica.metric("kcfg_amqp_connected") === 1,
          );
        }
        for (const key of KEYS) await untilAll(replicas, key, "meanwhile");
      });
    } finally {
      await Promise.all(replicas.map(({ app }) => app.stop()));
    }
  },
});
