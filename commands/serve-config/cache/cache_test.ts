/** The cache: one load, budget, time to live, no old value after an invalidation. */

import assert from "node:assert/strict";
import { formatMetrics } from "#lib/metrics/exposition.ts";
import { Metrics } from "#lib/metrics/metrics.ts";
import { ManualClock, settle } from "#tests/support/clock.ts";
import { ConfigCache } from "./cache.ts";
import type { CacheOptions } from "./cache.ts";
import { createCacheMetrics } from "./cache_metrics.ts";
import type { CacheResult } from "./cache_result.ts";
import { Generations } from "../refresh/generations.ts";
import type { LoadOutcome } from "../upstream/upstream.ts";

const NEVER = new AbortController().signal;

function found(text: string): LoadOutcome {
  return { kind: "found", bytes: new TextEncoder().encode(text) };
}

function textOf(result: CacheResult): string {
  const isEntry = result.kind === "entry" || result.kind === "stale";
  return isEntry ? new TextDecoder().decode(result.entry.bytes) : result.kind;
}

function cacheWith(options: Partial<CacheOptions> = {}) {
  const clock = new ManualClock();
  const metrics = new Metrics();
  const loads: { key: string; signal: AbortSignal; end: PromiseWithResolvers<LoadOutcome> }[] = [];
  const cache = new ConfigCache(
    {
      enabled: true,
      ttlMs: undefined,
      ttlJitter: 0,
      budgetBytes: 10_000,
      staleIfErrorMs: 0,
      staleWhileRevalidateMs: 0,
      ...options,
    },
    {
      load(key, signal) {
        const end = Promise.withResolvers<LoadOutcome>();
        loads.push({ key, signal, end });
        return end.promise;
      },
      clock,
      random: () => 0.5,
      metrics: createCacheMetrics(metrics, { backend: "test" }),
      generations: new Generations(),
    },
  );
  async function put(key: string, text: string): Promise<void> {
    const loading = cache.load(key, NEVER);
    await settle();
    loads.at(-1)?.end.resolve(found(text));
    await loading;
  }
  return { cache, clock, metrics, loads, put };
}

Deno.test("ConfigCache keeps what it loaded", async () => {
  const { cache, put } = cacheWith();
  assert.equal(cache.lookup("/a"), undefined);
  await put("/a", "1");
  assert.equal(new TextDecoder().decode(cache.lookup("/a")?.bytes), "1");
});

Deno.test("ConfigCache loads once for 500 askers", async () => {
  const { cache, metrics, loads } = cacheWith();
  const asked = Array.from({ length: 500 }, () => cache.load("/a", NEVER));
  await settle();
  assert.equal(loads.length, 1);
  const text = formatMetrics(metrics.families(), { openMetrics: false });
  assert.match(text, /^groupcache_loads_total\{group="configfiles"\} 500$/m);
  assert.match(text, /^groupcache_loads_deduped_total\{group="configfiles"\} 1$/m);
  loads[0]?.end.resolve(found("1"));
  assert.deepEqual(new Set((await Promise.all(asked)).map(textOf)), new Set(["1"]));
});

Deno.test("ConfigCache keeps no failure", async () => {
  const { cache, loads } = cacheWith();
  const loading = cache.load("/a", NEVER);
  await settle();
  loads[0]?.end.resolve({ kind: "missing" });
  assert.equal((await loading).kind, "missing");
  assert.equal(cache.lookup("/a"), undefined);
});

Deno.test("ConfigCache releases the key when a load breaks", async () => {
  const { cache, loads, put } = cacheWith();
  const loading = cache.load("/a", NEVER);
  await settle();
  loads[0]?.end.reject(new TypeError("broken"));
  await assert.rejects(loading, /broken/);
  await put("/a", "1");
  assert.notEqual(cache.lookup("/a"), undefined);
});

Deno.test("ConfigCache drops an entry when its time is over, and at birth for a negative one", async () => {
  const { cache, clock, put } = cacheWith({ ttlMs: 1000 });
  await put("/a", "1");
  await clock.advance(1000);
  assert.notEqual(cache.lookup("/a"), undefined);
  await clock.advance(1);
  assert.equal(cache.lookup("/a"), undefined);
  const negative = cacheWith({ ttlMs: -1 });
  await negative.put("/a", "1");
  assert.equal(negative.cache.lookup("/a"), undefined);
});

Deno.test("ConfigCache shortens the time to live by the jitter", async () => {
  const { cache, clock, put } = cacheWith({ ttlMs: 1000, ttlJitter: 0.5 });
  await put("/a", "1");
  await clock.advance(751);
  assert.equal(cache.lookup("/a"), undefined);
});

Deno.test("ConfigCache renews value and expiry on a new load", async () => {
  const { cache, clock, put } = cacheWith({ ttlMs: 1000 });
  await put("/a", "old");
  await clock.advance(900);
  await put("/a", "new");
  await clock.advance(900);
  assert.equal(new TextDecoder().decode(cache.lookup("/a")?.bytes), "new");
});

Deno.test("ConfigCache hands a load that an invalidation overtook to its askers and keeps it not", async () => {
  const { cache, loads } = cacheWith();
  const before = cache.load("/a", NEVER);
  await settle();
  assert.equal(cache.invalidate({ affects: (key) => key === "/a" }), 0);
  loads[0]?.end.resolve(found("old"));
  assert.equal(textOf(await before), "old");
  assert.equal(cache.lookup("/a"), undefined);
});

Deno.test("ConfigCache joins no later request to a load that an invalidation overtook", async () => {
  const { cache, loads } = cacheWith();
  const before = cache.load("/a", NEVER);
  await settle();
  cache.invalidate({ affects: (key) => key === "/a" });
  const after = cache.load("/a", NEVER);
  await settle();
  assert.equal(loads.length, 2);
  loads[1]?.end.resolve(found("new"));
  assert.equal(textOf(await after), "new");
  loads[0]?.end.resolve(found("old"));
  assert.equal(textOf(await before), "new", "the newer answer was there already");
  assert.equal(new TextDecoder().decode(cache.lookup("/a")?.bytes), "new");
});

for (const enabled of [true, false]) {
  Deno.test(`ConfigCache answers no asker with a later version before an earlier one (enabled: ${enabled})`, async () => {
    const { cache, loads } = cacheWith({ enabled });
    const overtaken = cache.load("/a", NEVER);
    await settle();
    cache.invalidate({ affects: () => true });
    const newer = cache.load("/a", NEVER);
    await settle();
    // The load that began first reads last, after one more change that nobody was told of yet.
    loads[0]?.end.resolve(found("182"));
    await settle();
    loads[1]?.end.resolve(found("181"));
    assert.deepEqual([textOf(await overtaken), textOf(await newer)], ["181", "181"]);
  });
}

Deno.test("ConfigCache answers an asker under a storm of changes", async () => {
  const { cache, loads } = cacheWith();
  const asked = cache.load("/a", NEVER);
  for (let change = 0; change < 5; change++) {
    await settle();
    cache.invalidate({ affects: () => true });
    cache.load("/a", NEVER);
    await settle();
    loads.at(-2)?.end.resolve(found(`${change}`));
  }
  assert.equal(textOf(await asked), "4");
  loads.at(-1)?.end.resolve(found("5"));
  await settle();
});

Deno.test("ConfigCache.invalidate() drops what is affected and nothing else", async () => {
  const { cache, put } = cacheWith();
  for (const key of ["/a-1", "/a-2", "/b"]) await put(key, key);
  assert.equal(cache.invalidate({ affects: (key) => key.startsWith("/a") }), 2);
  assert.equal(cache.lookup("/a-1"), undefined);
  assert.notEqual(cache.lookup("/b"), undefined);
});

Deno.test("ConfigCache stays within its budget, dropping what was used longest ago", async () => {
  const { cache, put } = cacheWith({ budgetBytes: 800 });
  for (const key of ["/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8"]) {
    await put(key, "x".repeat(98));
  }
  cache.lookup("/1");
  await put("/9", "x".repeat(98));
  assert.notEqual(cache.lookup("/1"), undefined);
  assert.equal(cache.lookup("/2"), undefined);
  assert.notEqual(cache.lookup("/9"), undefined);
});

Deno.test("ConfigCache serves a value above an eighth of the budget without keeping it", async () => {
  const { cache, put } = cacheWith({ budgetBytes: 800 });
  await put("/ok", "x".repeat(97));
  await put("/big", "x".repeat(97));
  assert.notEqual(cache.lookup("/ok"), undefined);
  assert.equal(cache.lookup("/big"), undefined);
});

Deno.test("ConfigCache counts a compressed copy in the budget", async () => {
  const { cache, put, metrics } = cacheWith();
  await put("/a", "x".repeat(1200));
  const entry = cache.lookup("/a");
  assert.ok(entry);
  const packed = await cache.gzip("/a", entry);
  assert.ok(packed && packed.length < 100);
  assert.equal(await cache.gzip("/a", entry), packed);
  const bytes = metrics.families().find(({ name }) => name === "groupcache_cache_bytes");
  assert.deepEqual(bytes?.type === "gauge" && [...bytes.read()][0]?.value, 1202 + packed.length);
});

Deno.test("ConfigCache keeps nothing when it is off, but loads still coalesce", async () => {
  const { cache, loads, put } = cacheWith({ enabled: false });
  await put("/a", "1");
  assert.equal(cache.lookup("/a"), undefined);
  const asked = [cache.load("/a", NEVER), cache.load("/a", NEVER)];
  await settle();
  assert.equal(loads.length, 2);
  loads[1]?.end.resolve(found("2"));
  assert.deepEqual((await Promise.all(asked)).map(textOf), ["2", "2"]);
});

Deno.test("ConfigCache goes on loading when the first asker leaves, and stops with the last", async () => {
  const { cache, loads } = cacheWith();
  const [first, second] = [new AbortController(), new AbortController()];
  const asked = [cache.load("/a", first.signal), cache.load("/a", second.signal)];
  await settle();
  first.abort(new Error("gone"));
  await assert.rejects(asked[0] ?? Promise.resolve(), /gone/);
  assert.ok(!loads[0]?.signal.aborted);
  second.abort(new Error("gone too"));
  await assert.rejects(asked[1] ?? Promise.resolve(), /gone too/);
  assert.ok(loads[0]?.signal.aborted);
  loads[0]?.end.reject(new Error("cancelled"));
});

const DOWN: LoadOutcome = { kind: "failed", status: 0, reason: "down" };

async function loadEnding(
  { cache, loads }: ReturnType<typeof cacheWith>,
  outcome: LoadOutcome,
): Promise<CacheResult> {
  const before = loads.length;
  const loading = cache.load("/a", NEVER);
  await settle();
  if (loads.length > before) loads.at(-1)?.end.resolve(outcome);
  return await loading;
}

Deno.test("ConfigCache serves the last answer while the backend fails, within its time", async () => {
  const setup = cacheWith({ ttlMs: 1000, staleIfErrorMs: 60_000 });
  await setup.put("/a", "old");
  await setup.clock.advance(1001);
  assert.equal(setup.cache.lookup("/a"), undefined);
  for (const outcome of [DOWN, { ...DOWN, status: 503 }, { ...DOWN, status: 429 }]) {
    const result = await loadEnding(setup, outcome);
    assert.deepEqual([result.kind, textOf(result)], ["stale", "old"]);
    await setup.clock.advance(5000);
  }
  await setup.clock.advance(60_000);
  assert.deepEqual(await loadEnding(setup, DOWN), DOWN);
});

Deno.test("ConfigCache asks a failing backend after 1 s, doubling to 30 s, and at once after a refresh", async () => {
  const setup = cacheWith({ ttlMs: 1, staleIfErrorMs: 3_600_000 });
  await setup.put("/a", "old");
  await setup.clock.advance(10);
  await loadEnding(setup, DOWN);
  const pauses: number[] = [];
  while (pauses.length < 7) {
    const asked = setup.loads.length;
    let waitedMs = 0;
    while (setup.loads.length === asked) {
      await setup.clock.advance(500);
      waitedMs += 500;
      assert.equal((await loadEnding(setup, DOWN)).kind, "stale");
    }
    pauses.push(waitedMs);
  }
  assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  setup.cache.invalidate({ affects: () => true });
  const asked = setup.loads.length;
  await loadEnding(setup, DOWN);
  assert.equal(setup.loads.length, asked + 1);
});

Deno.test("ConfigCache keeps nothing against an answer of the backend", async () => {
  for (const answer of [{ kind: "missing" }, { ...DOWN, status: 410 }] as LoadOutcome[]) {
    const setup = cacheWith({ ttlMs: 1000, staleIfErrorMs: 60_000 });
    await setup.put("/a", "old");
    await setup.clock.advance(1001);
    assert.deepEqual(await loadEnding(setup, answer), answer);
    assert.deepEqual(await loadEnding(setup, DOWN), DOWN);
  }
});

Deno.test("ConfigCache keeps a refreshed entry aside, for an outage only", async () => {
  const setup = cacheWith({ staleIfErrorMs: 60_000, staleWhileRevalidateMs: 60_000 });
  await setup.put("/a", "old");
  assert.equal(setup.cache.invalidate({ affects: () => true }), 1);
  assert.equal(setup.cache.lookup("/a"), undefined);
  assert.equal((await loadEnding(setup, DOWN)).kind, "stale");
  await setup.clock.advance(1000);
  assert.equal(textOf(await loadEnding(setup, found("new"))), "new");
  assert.equal(new TextDecoder().decode(setup.cache.lookup("/a")?.bytes), "new");
});

Deno.test("ConfigCache answers at once while it loads an expired entry again, once", async () => {
  const { cache, clock, loads, put } = cacheWith({ ttlMs: 1000, staleWhileRevalidateMs: 500 });
  await put("/a", "old");
  await clock.advance(1100);
  for (let asked = 0; asked < 3; asked++) {
    assert.equal(new TextDecoder().decode(cache.lookup("/a")?.bytes), "old");
  }
  await settle();
  assert.equal(loads.length, 2);
  loads[1]?.end.resolve(found("new"));
  await settle();
  assert.equal(new TextDecoder().decode(cache.lookup("/a")?.bytes), "new");
  await clock.advance(1600);
  assert.equal(cache.lookup("/a"), undefined);
});

Deno.test("ConfigCache remembers that an object is absent, when told to, until its time or a refresh", async () => {
  const { cache, clock, loads } = cacheWith({ errorTtlMs: 10_000 });
  const ask = async (outcome: LoadOutcome) => {
    const before = loads.length;
    const asked = cache.load("/a", NEVER);
    await settle();
    loads[before]?.end.resolve(outcome);
    return { text: textOf(await asked), isLoaded: loads.length > before };
  };
  const missing = { kind: "missing" } as const;
  assert.deepEqual(await ask(missing), { text: "missing", isLoaded: true });
  assert.deepEqual(await ask(missing), { text: "missing", isLoaded: false });
  assert.equal((await cache.loadForPeer("/a", NEVER)).kind, "missing");
  await clock.advance(9_999);
  assert.ok(!(await ask(missing)).isLoaded);
  await clock.advance(1);
  assert.ok((await ask(missing)).isLoaded);
  cache.invalidate({ affects: (key) => key === "/b" });
  assert.ok(!(await ask(missing)).isLoaded);
  cache.invalidate({ affects: (key) => key === "/a" });
  assert.deepEqual(await ask(found("1")), { text: "1", isLoaded: true });
});

Deno.test("ConfigCache does not remember what was absent before a refresh that came meanwhile", async () => {
  const { cache, loads } = cacheWith({ errorTtlMs: 10_000 });
  const first = cache.load("/a", NEVER);
  await settle();
  cache.invalidate({ affects: () => true });
  loads[0]?.end.resolve({ kind: "missing" });
  assert.equal((await first).kind, "missing");
  const second = cache.load("/a", NEVER);
  await settle();
  loads[1]?.end.resolve(found("1"));
  assert.equal(textOf(await second), "1");
});

Deno.test("ConfigCache remembers a failing backend for less than 5 s or not at all", async (t) => {
  const cases: [number, LoadOutcome, boolean][] = [
    [4999, { kind: "failed", status: 503, reason: "down" }, true],
    [5000, { kind: "failed", status: 503, reason: "down" }, false],
    [4999, { kind: "failed", status: 0, reason: "refused" }, true],
    [4999, { kind: "failed", status: 403, reason: "forbidden" }, false],
    [4999, { kind: "too-large" }, false],
    [0, { kind: "missing" }, false],
  ];
  for (const [errorTtlMs, outcome, isRemembered] of cases) {
    await t.step(`${errorTtlMs} ms, ${JSON.stringify(outcome)}`, async () => {
      const { cache, loads } = cacheWith({ errorTtlMs });
      for (let turn = 0; turn < 2; turn++) {
        const asked = cache.load("/a", NEVER);
        await settle();
        loads[turn]?.end.resolve(outcome);
        assert.equal((await asked).kind, outcome.kind);
      }
      assert.equal(loads.length, isRemembered ? 1 : 2);
    });
  }
});
