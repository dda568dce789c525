/** The one entry for invalidations: what is dropped when, and what the peers hear. */

import assert from "node:assert/strict";
import { formatMetrics } from "#lib/metrics/exposition.ts";
import { Metrics } from "#lib/metrics/metrics.ts";
import { settle } from "#tests/support/clock.ts";
import { silentLogger } from "#lib/log/logger.ts";
import { Generations } from "./generations.ts";
import { Refresher } from "./refresher.ts";
import type { SpreadEvent } from "./refresher.ts";

function refresherWith(keys: readonly string[], { ring = true } = {}) {
  const held = new Set(keys);
  const log: string[] = [];
  const spreads: { event: SpreadEvent; done: () => void }[] = [];
  const metrics = new Metrics();
  const generations = new Generations();
  let ids = 0;
  const refresher = new Refresher({ spring: false }, {
    generations,
    metrics,
    log: silentLogger,
    newId: () => `id-${++ids}`,
    stores: [{
      keys: () => held,
      invalidate({ affects }) {
        const gone = [...held].filter(affects);
        for (const key of gone) held.delete(key);
        log.push(`drop ${gone.join(" ")}`.trim());
        return gone.length;
      },
    }],
    ...(ring && {
      spread(event: SpreadEvent) {
        const { promise, resolve } = Promise.withResolvers<void>();
        spreads.push({ event, done: resolve });
        log.push(`spread ${event.id}`);
        return promise;
      },
    }),
  });
  return { refresher, generations, held, log, spreads, metrics };
}

const ORDERS = { source: "amqp", target: { destination: "orders:**" }, id: "e1" } as const;

Deno.test("Refresher.invalidate() drops here, tells the peers, drops once more", async () => {
  const { refresher, log, spreads, held } = refresherWith(["/orders-dev.yml", "/other.yml"]);
  assert.equal(refresher.invalidate(ORDERS), 1);
  await settle();
  assert.deepEqual(spreads[0]?.event, {
    id: "e1",
    destination: "orders:**",
    keys: ["/orders-dev.yml"],
  });
  held.add("/orders-dev.yml");
  spreads[0]?.done();
  await refresher.settled();
  assert.deepEqual(log, ["drop /orders-dev.yml", "spread e1", "drop /orders-dev.yml"]);
  assert.deepEqual([...held], ["/other.yml"]);
});

Deno.test("Refresher.invalidate() applies a repeated id and passes it on once", async () => {
  const { refresher, spreads, held } = refresherWith(["/orders.yml"]);
  refresher.invalidate(ORDERS);
  spreads[0]?.done();
  await refresher.settled();
  held.add("/orders.yml");
  assert.equal(refresher.invalidate(ORDERS), 1);
  await settle();
  assert.equal(spreads.length, 1);
});

Deno.test("Refresher.invalidate() passes nothing on that came from a peer", async () => {
  const { refresher, spreads } = refresherWith(["/orders.yml"]);
  assert.equal(refresher.invalidate({ ...ORDERS, source: "peer" }), 1);
  await settle();
  assert.equal(spreads.length, 0);
});

Deno.test("Refresher.invalidate() tells the peers the held keys of a backend's change", async () => {
  const { refresher, spreads } = refresherWith(["/a", "/b"]);
  refresher.invalidate({
    source: "watch",
    target: { change: { affects: (key) => key === "/a" } },
  });
  await settle();
  assert.deepEqual(spreads[0]?.event, { id: "id-1", keys: ["/a"] });
  refresher.invalidate({ source: "watch", target: { change: { affects: () => false } } });
  await settle();
  assert.equal(spreads.length, 1);
});

Deno.test("Refresher tells the peers of events in order, one at a time", async () => {
  const { refresher, spreads } = refresherWith([]);
  for (const id of ["1", "2", "3"]) refresher.invalidate({ ...ORDERS, id });
  await settle();
  assert.deepEqual(spreads.map(({ event }) => event.id), ["1"]);
  spreads[0]?.done();
  await settle();
  assert.deepEqual(spreads.map(({ event }) => event.id), ["1", "2"]);
});

Deno.test("Refresher makes one refresh of everything out of too many that wait", async () => {
  const { refresher, spreads } = refresherWith([]);
  for (let id = 0; id < 400; id++) refresher.invalidate({ ...ORDERS, id: `${id}` });
  for (let at = 0; at < 200; at++) {
    await settle();
    spreads[at]?.done();
    if (spreads.at(-1)?.event.destination === "**") break;
  }
  assert.ok(spreads.some(({ event }) => event.destination === "**"));
});

Deno.test("Generations marks loads begun before, wakes waiters when what was kept is gone", () => {
  const { refresher, generations, log } = refresherWith(["/orders.yml"], { ring: false });
  using before = generations.begin("/orders.yml");
  using other = generations.begin("/b");
  const waiting = generations.subscribe("/orders.yml", () => log.push("woken"));
  assert.equal(generations.waiters, 1);
  refresher.invalidate(ORDERS);
  using after = generations.begin("/orders.yml");
  assert.deepEqual([before.outdated, other.outdated, after.outdated], [true, false, false]);
  assert.deepEqual(log, ["drop /orders.yml", "woken"]);
  waiting[Symbol.dispose]();
  waiting[Symbol.dispose]();
  assert.equal(generations.waiters, 0);
  refresher.invalidate({ ...ORDERS, id: "e2" });
  assert.equal(log.at(-1), "drop");
});

Deno.test("Refresher remembers ids, but none of any length", () => {
  const { refresher, metrics } = refresherWith([], { ring: false });
  const duplicatesOf = (id: string) => {
    const count = () => {
      const text = formatMetrics(metrics.families(), { openMetrics: false });
      return Number(/result="duplicate"\} (\d+)/.exec(text)?.[1] ?? 0);
    };
    const before = count();
    refresher.invalidate({ ...ORDERS, id });
    refresher.invalidate({ ...ORDERS, id });
    return count() - before;
  };
  assert.equal(duplicatesOf("x".repeat(256)), 1);
  assert.equal(duplicatesOf("x".repeat(257)), 0);
});
