/**
 * Three replicas of serve-config as they run in a cluster: processes that find each other through a real API
 * server, in front of one backend, on a real RabbitMQ. What is measured is printed; nothing fails for being a
 * little late.
 */

import assert from "node:assert/strict";
import { BusPublisher } from "#tests/support/bus_publisher.ts";
import { controlPlane } from "#tests/support/control_plane.ts";
import { eventually, inTheEnd } from "#tests/support/eventually.ts";
import { rabbitMqUnavailable, startRabbitMq } from "#tests/support/rabbitmq.ts";
import { startRelay } from "#tests/support/relay.ts";
import { testBackend } from "#tests/support/replicas.ts";
import { loopbackAddresses, memberPorts, ringPods } from "#tests/support/ring_members.ts";
import { startMember } from "#tests/support/ring_members.ts";
import type { Member } from "#tests/support/ring_members.ts";

const plane = await controlPlane();
const noBroker = await rabbitMqUnavailable();
const reason = "unavailable" in plane ? `: ${plane.unavailable}` : noBroker ? `: ${noBroker}` : "";

const KEYS = ["/orders-dev.yml", "/orders-prod.yml", "/billing-dev.yml"];
/** More than a broker takes to start again on a busy machine, and a wait of the backoff. */
const BROKER_MS = 4900;

Deno.test({
  name: `three replicas, a real API server, a real RabbitMQ${reason}`,
  ignore: reason !== "",
  async fn(t) {
    if ("unavailable" in plane) return;
    await using backend = testBackend();
    await using broker = await startRabbitMq();
    await using api = await startRelay({ port: Number(new URL(plane.url).port) });
    const addresses = loopbackAddresses();
    await using pods = await ringPods(plane.admin, addresses);
    const server = new URL(plane.url);
    const options = {
      pods,
      kubeconfig: plane.kubeconfigPath,
      ports: memberPorts(),
      flags: [
        `--backend=${backend.url}`,
        `--amqp-url=${broker.url}`,
        `--server=https://${server.hostname}:${api.port}`,
        `--tls-server-name=${server.hostname}`,
        "--log-level=info",
      ],
    };
    await using stack = new AsyncDisposableStack();
    const all = addresses.map((address) => stack.use(startMember(address, options)));
    const [first, second, third] = all;
    assert.ok(first && second && third);
    await Promise.all(all.map((one) => one.ready()));

    await t.step("each knows all, and is on the bus", async () => {
      await everywhere(all, "kubegroup_peers", 3);
      await everywhere(all, "kcfg_amqp_connected", 1);
    });

    await t.step("one call to the backend for 500 cold clients over the three", async () => {
      const release = Promise.withResolvers<void>();
      backend.answer = async () => {
        await release.promise;
        return new Response("cold\n");
      };
      const asking = Array.from({ length: 500 }, (_, at) => all[at % 3]?.text("/cold.yml"));
      await eventually("all 500 wait", async () => {
        const gets = 'groupcache_gets_total{group="configfiles"}';
        const counts = await Promise.all(all.map((one) => one.metric(gets)));
        return counts.reduce((sum, count) => sum + count, 0) >= 500;
      });
      release.resolve();
      assert.deepEqual(new Set(await Promise.all(asking)), new Set(["cold\n"]));
      backend.answer = undefined;
      assert.deepEqual(backend.asked, ["/cold.yml"]);
    });

    await t.step("an event refreshes exactly the named application on all three", async () => {
      for (const key of KEYS) backend.objects.set(key, "v0");
      for (const key of KEYS) await untilAll(all, key, "v0");
      await using publisher = await BusPublisher.open(broker.url);
      const took: number[] = [];
      for (let round = 1; round <= 20; round++) {
        for (const key of KEYS) backend.objects.set(key, `v${round}`);
        const sentAt = performance.now();
        publisher.refresh("orders:**");
        await untilAll(all, "/orders-dev.yml", `v${round}`);
        took.push(performance.now() - sentAt);
        await untilAll(all, "/orders-prod.yml", `v${round}`);
        for (const one of all) assert.equal(await one.text("/billing-dev.yml"), "v0");
      }
      took.sort((a, b) => a - b);
      say(`event to fresh on three: ${ms(took[10])} median, ${ms(took[19])} worst of 20`);
    });

    await t.step("an API server that is away leaves the ring as it is", async () => {
      api.refuse();
      api.cut();
      await eventually("it is noticed", async () => {
        const answer = await first.readiness();
        return answer.status === 200 && answer.checks["discovery"]?.status === "warn";
      }, { withinMs: BROKER_MS });
      assert.equal(await first.metric("kubegroup_peers"), 3);
      api.resume();
    });

    await t.step("a change while the broker is dead is seen when it is back", async () => {
      const [key] = KEYS;
      assert.ok(key);
      await broker.kill();
      await everywhere(all, "kcfg_amqp_connected", 0);
      backend.objects.set(key, "meanwhile");
      await broker.start();
      const late = await Promise.all(all.map(async (one) => {
        await inTheEnd("it is subscribed again", async () => {
          return await one.metric("kcfg_amqp_connected") === 1;
        });
        await eventually("it is fresh", async () => await one.text(key) === "meanwhile");
        const freshAt = Date.now();
        // Lines are written with a delay.
        const connectedAt = await eventually(
          "it logged that",
          () => times(one, "bus connected")[1],
        );
        return freshAt - connectedAt;
      }));
      say(`fresh after the new subscription: ${late.map((one) => ms(one)).join(", ")}`);
    });

    await t.step(
      "a replica that is frozen, then one that is killed, fails no request",
      async () => {
        backend.answer = (request) => new Response(new URL(request.url).pathname);
        for (const signal of ["SIGSTOP", "SIGKILL"] as const) {
          const { before, during, later } = await loseUnderLoad(
            [first, second],
            () => third.process.signal(signal),
          );
          say(
            `${signal}: slowest answer before ${ms(before)}, then ${ms(during)}, a second later ${
              ms(later)
            }`,
          );
          if (signal === "SIGSTOP") {
            third.process.signal("SIGCONT");
          }
        }
      },
    );
  },
});

/** Waits until a series has a value at each. */
async function everywhere(all: readonly Member[], series: string, value: number): Promise<void> {
  await eventually(`${series} is ${value} everywhere`, async () => {
    const values = await Promise.all(all.map((one) => one.metric(series)));
    return values.every((one) => one === value);
  }, { withinMs: BROKER_MS });
}

async function untilAll(all: readonly Member[], key: string, text: string): Promise<void> {
  await eventually(`${key} is "${text}" everywhere`, async () => {
    const texts = await Promise.all(all.map((one) => one.text(key)));
    return texts.every((one) => one === text);
  });
}

/** When lines with a message were logged, milliseconds since the Unix epoch. */
function times({ process }: Member, message: string): readonly number[] {
  const lines = process.stderr().split("\n").slice(0, -1);
  return lines.filter((line) => line.includes(`"${message}"`))
    .map((line) => Date.parse(String(JSON.parse(line).time)));
}

/** Loses a replica while clients ask the others for ever new objects; slowest answers in milliseconds. */
async function loseUnderLoad(others: readonly Member[], lose: () => void) {
  const answers: { readonly at: number; readonly ms: number }[] = [];
  let isRunning = true;
  const client = async (number: number) => {
    for (let count = 0; isRunning; count++) {
      const key = `/${crypto.randomUUID()}-${count}.yml`;
      const startedAt = performance.now();
      const answer = await others[number % others.length]?.fetch(key);
      assert.deepEqual([answer?.status, await answer?.text()], [200, key]);
      answers.push({ at: startedAt, ms: performance.now() - startedAt });
    }
  };
  const clients = Promise.all(Array.from({ length: 16 }, (_, at) => client(at)));
  await eventually("there is load", () => answers.length > 500);
  const lostAt = performance.now();
  lose();
  await eventually("the load goes on, long after", () => performance.now() - lostAt > 2500);
  isRunning = false;
  await clients;
  const slowest = (isMeant: (answer: { readonly at: number; readonly ms: number }) => boolean) =>
    Math.max(...answers.filter(isMeant).map(({ ms }) => ms));
  return {
    before: slowest(({ at, ms }) => at + ms < lostAt),
    during: slowest(({ at, ms }) => at + ms >= lostAt && at < lostAt + 1000),
    later: slowest(({ at }) => at >= lostAt + 1000),
  };
}

function ms(value: number | undefined): string {
  return `${(value ?? NaN).toFixed(1)} ms`;
}

function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}
