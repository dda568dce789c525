/** The cache in a ring: the hot store, one budget, the owner's answers. */

import assert from "node:assert/strict";
import { Metrics } from "#lib/metrics/metrics.ts";
import { ManualClock, settle } from "#tests/support/clock.ts";
import { ConfigCache } from "./cache.ts";
import type { CacheOptions } from "./cache.ts";
import { createCacheMetrics } from "./cache_metrics.ts";
import type { OwnerAnswer } from "./cache_result.ts";
import { createEntry } from "./entry.ts";
import { Generations } from "../refresh/generations.ts";
import type { LoadOutcome } from "../upstream/upstream.ts";

const NEVER = new AbortController().signal;
const bytesOf = (text: string) => new TextEncoder().encode(text);

function inRing(options: Partial<CacheOptions> = {}) {
  const clock = new ManualClock();
  const asked: { key: string; end: PromiseWithResolvers<OwnerAnswer> }[] = [];
  const loads: { key: string; end: PromiseWithResolvers<LoadOutcome> }[] = [];
  const cache = new ConfigCache({
    enabled: true,
    ttlMs: undefined,
    ttlJitter: 0,
    budgetBytes: 10_000,
    staleIfErrorMs: 60_000,
    staleWhileRevalidateMs: 0,
    ...options,
  }, {
    load(key) {
      const end = Promise.withResolvers<LoadOutcome>();
      loads.push({ key, end });
      return end.promise;
    },
    askOwner(key) {
      const end = Promise.withResolvers<OwnerAnswer>();
      asked.push({ key, end });
      return end.promise;
    },
    clock,
    random: () => 0.5,
    metrics: createCacheMetrics(new Metrics(), { backend: "test" }),
    generations: new Generations(),
  });
  const entry = (text: string) =>
    createEntry(bytesOf(text), { loadedAtMs: clock.now(), expiresAtMs: undefined });
  async function take(key: string, text: string, from: "owner" | "backend"): Promise<void> {
    const loading = cache.load(key, NEVER);
    await settle();
    if (from === "owner") asked.at(-1)?.end.resolve({ kind: "entry", entry: await entry(text) });
    else {
      asked.at(-1)?.end.resolve(undefined);
      await settle();
      loads.at(-1)?.end.resolve({ kind: "found", bytes: bytesOf(text) });
    }
    await loading;
  }
  return { cache, clock, asked, loads, entry, take };
}

Deno.test("ConfigCache keeps the owner's answers apart, always, sometimes or not at all", async () => {
  for (const [hot, kept] of [["always", true], ["sample", false], ["off", false]] as const) {
    const { cache, take, loads } = inRing({ hot });
    await take("/a", "1", "owner");
    assert.equal(cache.lookup("/a")?.store, kept ? "hot" : undefined);
    assert.equal(loads.length, 0);
  }
});

Deno.test("ConfigCache evicts hot entries as soon as they are more than an eighth of the main ones", async () => {
  const { cache, take } = inRing({ budgetBytes: 900 });
  for (let at = 0; at < 8; at++) await take(`/m${at}`, "x".repeat(97), "backend");
  await take("/h", "x".repeat(98), "owner");
  assert.equal(cache.lookup("/h")?.store, "hot", "hot is exactly an eighth: main gives way next");
  await take("/i", "x".repeat(98), "owner");
  assert.equal(cache.lookup("/h"), undefined);
  assert.equal(cache.lookup("/i")?.store, "hot");
  assert.equal(cache.lookup("/m1")?.store, "main");
});

Deno.test("ConfigCache keeps no answer of an owner that was under way at an invalidation", async () => {
  const { cache, asked, entry } = inRing();
  const before = cache.load("/a", NEVER);
  await settle();
  cache.invalidate({ affects: () => true });
  const after = cache.load("/a", NEVER);
  await settle();
  assert.equal(asked.length, 2);
  asked[0]?.end.resolve({ kind: "entry", entry: await entry("old") });
  await settle();
  assert.equal(cache.lookup("/a"), undefined);
  asked[1]?.end.resolve({ kind: "entry", entry: await entry("new") });
  for (const result of await Promise.all([before, after])) {
    assert.equal("entry" in result && new TextDecoder().decode(result.entry.bytes), "new");
  }
  assert.equal(new TextDecoder().decode(cache.lookup("/a")?.bytes), "new");
});

Deno.test("ConfigCache.loadForPeer() waits for no load that waits for a peer", async () => {
  const { cache, asked, loads, entry } = inRing();
  const own = cache.load("/a", NEVER);
  await settle();
  const forPeer = cache.loadForPeer("/a", NEVER);
  await settle();
  assert.deepEqual([asked.length, loads.length], [1, 1]);
  loads[0]?.end.resolve({ kind: "found", bytes: bytesOf("1") });
  assert.equal((await forPeer).kind, "entry");
  assert.equal(cache.lookup("/a")?.store, "main");
  asked[0]?.end.resolve({ kind: "entry", entry: await entry("1") });
  await own;
});

Deno.test("ConfigCache believes an owner's definite failure, and serves its own copy in an outage", async () => {
  const { cache, asked, loads, take } = inRing();
  const missing = cache.load("/b", NEVER);
  await settle();
  asked[0]?.end.resolve({ kind: "missing" });
  assert.equal((await missing).kind, "missing");
  await take("/a", "old", "owner");
  cache.invalidate({ affects: () => true });
  const stale = cache.load("/a", NEVER);
  await settle();
  asked.at(-1)?.end.resolve({ kind: "failed", status: 503, reason: "down" });
  assert.equal((await stale).kind, "stale");
  assert.equal(loads.length, 0);
});
