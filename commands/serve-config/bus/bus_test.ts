/** What the bus does with messages and subscriptions, and what of it is logged. */

import assert from "node:assert/strict";
import type { SubscriptionDeps } from "#lib/amqp/subscription.ts";
import { Metrics } from "#lib/metrics/metrics.ts";
import { ManualClock, settle } from "#tests/support/clock.ts";
import { CapturedLog } from "#tests/support/log.ts";
import type { ConfigCache } from "../cache/cache.ts";
import { Generations } from "../refresh/generations.ts";
import { Refresher } from "../refresh/refresher.ts";
import { startBus } from "./bus.ts";
import type { BusSettings } from "./flags.ts";

const SETTINGS: BusSettings = {
  address: { tls: false, hostname: "h", port: 1, username: "u", password: "p", vhost: "/" },
  exchange: "springCloudBus",
  queuePrefix: "q",
  onSubscribe: "stale",
  debug: true,
};

async function busWith(settings: Partial<BusSettings>, keys: readonly string[] = ["/a-b.yml"]) {
  const log = new CapturedLog();
  const done: string[] = [];
  const published: unknown[] = [];
  const metrics = new Metrics();
  let told: SubscriptionDeps | undefined;
  const refresher = new Refresher({ spring: false }, {
    generations: new Generations(),
    stores: [{
      keys: () => keys,
      invalidate({ affects }) {
        const stale = keys.filter(affects);
        done.push(`stale ${stale.join()}`);
        return stale.length;
      },
    }],
    newId: () => "id",
    metrics,
    log,
  });
  const cache = { keys: () => keys, flush: () => void done.push("flush") };
  const bus = startBus({ ...SETTINGS, ...settings }, {
    ...{ refresher, metrics, log, random: Math.random, podName: "pod", clock: new ManualClock() },
    cache: cache as unknown as ConfigCache,
    subscribe(options, deps) {
      done.push(options.consumerTag);
      told = deps;
      return Promise.resolve({
        ...{ isConnected: true, connects: 1, failure: undefined, finished: Promise.resolve() },
        publish: (body) => void published.push(JSON.parse(new TextDecoder().decode(body))),
      });
    },
  });
  await settle();
  assert.ok(told);
  const { onMessage, onSubscribed } = told;
  const send = (value: unknown) => onMessage(new TextEncoder().encode(JSON.stringify(value)));
  return { bus, log, done, published, send, onSubscribed };
}

const EVENT = {
  type: "RefreshRemoteApplicationEvent",
  destinationService: "a:**",
  id: "e1",
  originService: "cfg",
  secret: "s3cret",
};

Deno.test("bodies of messages are logged at trace level alone, events at debug level if wanted", async () => {
  for (const debug of [true, false]) {
    const { bus, log, send } = await busWith({ debug });
    send(EVENT);
    const lines = log.lines.filter(({ message }) => message.startsWith("bus"));
    const shown = lines.map((
      { level, message, fields },
    ) => [level, message, JSON.stringify(fields)]);
    const event = '{"destination":"a:**","id":"e1","origin":"cfg","dropped":1}';
    assert.deepEqual(shown.slice(0, -1), debug ? [["debug", "bus event", event]] : []);
    assert.equal(shown.at(-1)?.[0], "trace");
    assert.match(shown.at(-1)?.[2] ?? "", /s3cret/);
    await bus.stop();
  }
});

Deno.test("a new subscription doubts what is kept, forgets it, or trusts it", async (t) => {
  const cases: [BusSettings["onSubscribe"], readonly string[]][] = [
    ["stale", ["stale /a-b.yml"]],
    ["flush", ["flush", "stale /a-b.yml"]],
    ["keep", []],
  ];
  for (const [onSubscribe, expected] of cases) {
    await t.step(onSubscribe, async () => {
      const { bus, done, onSubscribed } = await busWith({ onSubscribe });
      onSubscribed();
      assert.deepEqual(done, ["kcfg-pod", ...expected]);
      assert.deepEqual(bus.check(), { status: "ok" });
      await bus.stop();
    });
  }
  const { bus, done, onSubscribed } = await busWith({}, []);
  onSubscribed();
  assert.deepEqual(done, ["kcfg-pod"], "nothing is kept, nobody needs to be told");
  await bus.stop();
});

Deno.test("a refresh is published in the form that Spring's applications read", async () => {
  const { bus, published } = await busWith({});
  bus.publish({ destination: "orders:**", id: "e2" });
  await settle();
  assert.deepEqual(published, [{
    type: "RefreshRemoteApplicationEvent",
    timestamp: new ManualClock().now(),
    originService: "kcfg:0:pod",
    destinationService: "orders:**",
    id: "e2",
  }]);
});
