/** The short way gives the answers of the long one, and leaves to it what is not plain. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { formatMetrics } from "#lib/metrics/exposition.ts";
import { Metrics } from "#lib/metrics/metrics.ts";
import { requestTarget } from "#lib/http/request_target.ts";
import { ManualClock } from "#tests/support/clock.ts";
import { answerEntry } from "./answer.ts";
import { ConfigCache } from "../cache/cache.ts";
import { createCacheMetrics } from "../cache/cache_metrics.ts";
import { gzipOf } from "../cache/entry.ts";
import type { Entry } from "../cache/entry.ts";
import { createHotPath } from "./hot_path.ts";
import { Generations } from "../refresh/generations.ts";

const BIG = "x".repeat(2000);

async function kept({ variants = false, ttlMs = 60_000 } = {}) {
  const clock = new ManualClock();
  const metrics = new Metrics();
  const cache = new ConfigCache({
    ...{ enabled: true, ttlMs, ttlJitter: 0, budgetBytes: 1e6 },
    ...{ staleIfErrorMs: 60_000, staleWhileRevalidateMs: 0 },
  }, {
    load: (key) =>
      Promise.resolve({
        kind: "found",
        bytes: new TextEncoder().encode(key === "/big" ? BIG : "k: v\n"),
      }),
    clock,
    random: () => 0,
    metrics: createCacheMetrics(metrics, { backend: "test" }),
    generations: new Generations(),
  });
  const entries = new Map<string, Entry>();
  for (const key of ["/big", "/small"]) {
    const result = await cache.load(key, new AbortController().signal);
    assert.ok(result.kind === "entry");
    entries.set(key, result.entry);
    await gzipOf(result.entry);
  }
  const hot = createHotPath(
    { variants, vary: [], cacheControl: "no-cache" },
    { cache, clock },
  );
  const ask = (path: string, init: RequestInit = {}) => {
    const request = new Request(`http://h${path}`, init);
    return hot(request, requestTarget(request.url));
  };
  const count = (name: string) => {
    const text = formatMetrics(metrics.families(), { openMetrics: false });
    return Number(new RegExp(`^${name}\\S* (\\d+)$`, "m").exec(text)?.[1]);
  };
  return { ask, clock, cache, count, entries };
}

async function partsOf(response: Response) {
  const body = new Uint8Array(await response.arrayBuffer()).toHex();
  return { status: response.status, headers: [...response.headers], body };
}

Deno.test("createHotPath() answers like the long way, whatever the headers", async () => {
  // Not whole seconds: age and time to live change at different moments. More than the test waits in all.
  const { ask, clock, entries } = await kept({ ttlMs: 200_250 });
  const entry = (key: string) => entries.get(key) ?? assert.fail(key);
  const tags = [...entries.values()].flatMap(({ hash }) => [`"${hash}"`, `"${hash}-gzip"`]);
  const optional = (...values: string[]) => fc.constantFrom(undefined, ...values);
  let answers = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        key: fc.constantFrom("/big", "/small"),
        accept: optional("*/*", "application/json"),
        "accept-encoding": optional(
          "gzip",
          "deflate, gzip;q=0.5",
          "gzip;q=0",
          "br",
          "*",
          "gzip, br",
        ),
        "if-none-match": optional("*", '"other"', ...tags),
        waitMs: fc.constantFrom(0, 1, 300, 700, 999, 1000),
      }),
      async ({ key, waitMs, ...given }) => {
        await clock.advance(waitMs);
        const headers = Object.entries(given).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, value] as [string, string]]
        );
        const answered = ask(key, { headers });
        if (answered === undefined) return;
        answers += 1;
        // Nothing is kept ready on this one.
        const { usual: _, ...bare } = entry(key);
        const expected = await answerEntry(new Request(`http://h${key}`, { headers }), bare, {
          nowMs: clock.now(),
          origin: "hit",
          cacheControl: "no-cache",
          vary: [],
          gzip: () => gzipOf(bare),
        });
        assert.equal(answered.bytes, expected.bytes);
        assert.deepEqual(await partsOf(answered.response), await partsOf(expected.response));
      },
    ),
    { numRuns: 100 },
  );
  assert.ok(answers > 20, `${answers} of 100 were answered`);
});

Deno.test("createHotPath() answers plain requests and counts them once", async (t) => {
  const { ask, count, entries } = await kept();
  const etag = `"${entries.get("/big")?.hash}-gzip"`;
  const before = count("groupcache_hits_total");
  const plain: Record<string, string>[] = [
    {},
    { accept: "*/*" },
    { "accept-encoding": "gzip, deflate, br" },
    { "accept-encoding": "gzip", "if-none-match": etag },
    // Waiting needs something to compare with.
    { prefer: "wait=5" },
  ];
  for (const headers of plain) {
    await t.step(JSON.stringify(headers), async () => {
      const answer = ask("/big", { headers });
      assert.equal(answer?.response.status, "if-none-match" in headers ? 304 : 200);
      await answer?.response.body?.cancel();
    });
  }
  assert.equal(count("groupcache_hits_total"), before + plain.length);
  assert.equal(count("groupcache_gets_total"), before + plain.length);
});

Deno.test("createHotPath() leaves alone what has to be looked at, and counts nothing", async (t) => {
  const { ask, cache, clock, count, entries } = await kept();
  const etag = `"${entries.get("/small")?.hash}"`;
  const cases: [string, RequestInit][] = [
    ["/absent", {}],
    ["/small?a=b", {}],
    ["/sm%61ll", {}],
    ["/small", { method: "HEAD" }],
    ["/small", { method: "POST" }],
    ["/small", { headers: { accept: "text/event-stream" } }],
    ["/small", { headers: { prefer: "wait=5", "if-none-match": etag } }],
    ["/small", { headers: { "if-none-match": `"other", ${etag}` } }],
  ];
  for (const [path, init] of cases) {
    await t.step(`${init.method ?? "GET"} ${path} ${JSON.stringify(init.headers ?? {})}`, () => {
      assert.equal(ask(path, init), undefined);
    });
  }
  await t.step("what a refresh named", () => {
    cache.invalidate({ affects: (key) => key === "/small" });
    assert.equal(ask("/small"), undefined);
  });
  await t.step("what has expired", async () => {
    await clock.advance(60_001);
    assert.equal(ask("/big"), undefined);
  });
  assert.equal(count("groupcache_hits_total"), 0);
});

Deno.test("createHotPath() knows the media types that choose between Spring's answers", async () => {
  const v2 = { headers: { accept: "application/vnd.spring-cloud.config-server.v2+json" } };
  const spring = await kept({ variants: true });
  assert.equal(spring.ask("/small", v2), undefined);
  const raw = await kept();
  assert.equal(await raw.ask("/small", v2)?.response.text(), "k: v\n");
});
