/** The application listener, request by request. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Metrics } from "#lib/metrics/metrics.ts";
import { ManualClock, settle } from "#tests/support/clock.ts";
import { ConfigCache } from "../cache/cache.ts";
import { createCacheMetrics } from "../cache/cache_metrics.ts";
import { createRoutes } from "./routes.ts";
import type { AnsweredRequest } from "./routes.ts";
import { Generations } from "../refresh/generations.ts";
import type { LoadOutcome } from "../upstream/upstream.ts";

const INFO = {
  remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 },
} as Deno.ServeHandlerInfo<
  Deno.NetAddr
>;

function found(text: string): LoadOutcome {
  return { kind: "found", bytes: new TextEncoder().encode(text) };
}

function serving(
  load: (key: string) => LoadOutcome | Promise<LoadOutcome>,
  { ttlMs, maxInflight = 100, legacyErrors = false }: {
    ttlMs?: number;
    maxInflight?: number;
    legacyErrors?: boolean;
  } = {},
) {
  const clock = new ManualClock();
  const answered: AnsweredRequest[] = [];
  const failures: string[] = [];
  const cache = new ConfigCache(
    {
      enabled: true,
      ttlMs,
      ttlJitter: 0,
      budgetBytes: 1e6,
      staleIfErrorMs: 60_000,
      staleWhileRevalidateMs: 0,
    },
    {
      load: (key) => Promise.resolve(load(key)),
      clock,
      random: () => 0,
      metrics: createCacheMetrics(new Metrics(), { backend: "test" }),
      generations: new Generations(),
    },
  );
  const handler = createRoutes({
    clientCacheControl: "no-cache",
    maxInflight,
    variants: false,
    legacyErrors,
  }, {
    cache,
    clock,
    onAnswered: (request) => answered.push(request),
    onLoadFailed: (key) => failures.push(key),
  });
  const ask = async (target: string, init: RequestInit = {}) =>
    await handler(requestTo(target, init), INFO);
  return { ask, clock, answered, failures, cache };
}

/** A request whose target is not normalised, as the server gets it. */
function requestTo(target: string, init: RequestInit): Request {
  const request = new Request("http://h/", init);
  Object.defineProperty(request, "url", { value: `http://h${target}` });
  return request;
}

async function bodyOf(response: Response): Promise<[number, string]> {
  return [response.status, await response.text()];
}

Deno.test("routes answer an object with its headers, first as a miss, then as a hit", async () => {
  const { ask, clock } = serving(() => found("k: v\n"), { ttlMs: 60_000 });
  const miss = await ask("/a.yml");
  assert.deepEqual(await bodyOf(miss), [200, "k: v\n"]);
  assert.deepEqual(Object.fromEntries(miss.headers), {
    "content-type": "text/plain; charset=utf-8",
    etag: '"21248ea9943f57f6c13a8a6627912909"',
    "cache-control": "no-cache",
    "cache-status": "kcfg; fwd=miss; ttl=60; detail=backend",
    age: "0",
    "x-content-type-options": "nosniff",
  });
  await clock.advance(7_500);
  const hit = await ask("/a.yml?ignored=1");
  assert.equal(hit.headers.get("cache-status"), "kcfg; hit; ttl=52; detail=main");
  assert.equal(hit.headers.get("age"), "7");
  assert.equal(hit.headers.get("etag"), miss.headers.get("etag"));
  assert.equal(await hit.text(), "k: v\n");
});

Deno.test("routes answer HEAD as GET, with the length and without the body", async () => {
  const { ask } = serving(() => found("k: v\n"));
  for (const _ of ["miss", "hit"]) {
    const head = await ask("/a.yml", { method: "HEAD" });
    assert.equal(head.headers.get("content-length"), "5");
    assert.deepEqual(await bodyOf(head), [200, ""]);
  }
});

Deno.test("routes answer 304 to whoever has the content already", async (t) => {
  const { ask } = serving(() => found("k: v\n"));
  const etag = (await ask("/a.yml")).headers.get("etag") ?? "";
  for (const tag of [etag, `W/${etag}`, "*", `"x", ${etag}`]) {
    for (const method of ["GET", "HEAD"]) {
      await t.step(`${method} ${tag}`, async () => {
        const response = await ask("/a.yml", { method, headers: { "if-none-match": tag } });
        assert.deepEqual(await bodyOf(response), [304, ""]);
        assert.equal(response.headers.get("etag"), etag);
        assert.equal(response.headers.get("cache-control"), "no-cache");
        assert.equal(response.headers.get("content-type"), null);
      });
    }
  }
  const other = await ask("/a.yml", { headers: { "if-none-match": '"other"' } });
  assert.equal(other.status, 200);
  await other.text();
});

Deno.test("routes compress from 1 KiB on for who accepts it, with an own validator", async () => {
  const { ask } = serving((key) => found(key === "/big" ? "x".repeat(1024) : "small"));
  const gzip = { headers: { "accept-encoding": "br, gzip" } };
  const packed = await ask("/big", gzip);
  assert.equal(packed.headers.get("content-encoding"), "gzip");
  assert.equal(packed.headers.get("vary"), "Accept-Encoding");
  const etag = packed.headers.get("etag") ?? "";
  assert.match(etag, /-gzip"$/);
  const stream = packed.body?.pipeThrough(new DecompressionStream("gzip"));
  assert.equal(await new Response(stream).text(), "x".repeat(1024));
  const plain = await ask("/big", { headers: { "accept-encoding": "gzip;q=0, *" } });
  assert.equal(plain.headers.get("content-encoding"), null);
  assert.equal(`"${plain.headers.get("etag")?.slice(1, -1)}-gzip"`, etag);
  assert.equal((await plain.text()).length, 1024);
  const again = await ask("/big", { headers: { ...gzip.headers, "if-none-match": etag } });
  assert.equal(again.status, 304);
  const small = await ask("/small", gzip);
  assert.equal(small.headers.get("content-encoding"), null);
  assert.equal(small.headers.get("vary"), null);
  await small.text();
});

Deno.test("routes answer failures by the table of the specification", async (t) => {
  const cases: [LoadOutcome | Error, number, string][] = [
    [{ kind: "missing" }, 404, "not found"],
    [{ kind: "failed", status: 503, reason: "down" }, 502, "error status from backend: 503"],
    [{ kind: "failed", status: 0, reason: "refused" }, 502, "error status from backend: 0"],
    [{ kind: "too-large" }, 502, "backend object too large"],
    [new TypeError("broken"), 500, "server error"],
  ];
  for (const [outcome, status, body] of cases) {
    await t.step(body, async () => {
      const { ask } = serving(() => {
        if (outcome instanceof Error) throw outcome;
        return outcome;
      });
      const response = await ask("/x");
      assert.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
      assert.deepEqual(await bodyOf(response), [status, body]);
    });
  }
});

Deno.test("routes refuse before the backend hears of it", async () => {
  const loaded: string[] = [];
  const { ask } = serving((key) => {
    loaded.push(key);
    return found("x");
  });
  assert.deepEqual(await bodyOf(await ask("/../../etc/passwd")), [400, "bad request"]);
  assert.deepEqual(await bodyOf(await ask("/%ff")), [400, "bad request"]);
  assert.deepEqual(await bodyOf(await ask("/x", { method: "POST" })), [404, "404 page not found"]);
  const long = { headers: { x: "y".repeat(16 * 1024) } };
  assert.deepEqual(await bodyOf(await ask("/x", long)), [431, "header too large"]);
  assert.deepEqual(loaded, []);
});

Deno.test("routes answer 503 when too many wait, and again when they have gone", async () => {
  const end = Promise.withResolvers<LoadOutcome>();
  const { ask } = serving(() => end.promise, { maxInflight: 1 });
  const waiting = ask("/slow");
  await settle();
  const refused = await ask("/other");
  assert.equal(refused.headers.get("retry-after"), "1");
  assert.equal((await bodyOf(refused))[0], 503);
  end.resolve(found("x"));
  assert.equal((await bodyOf(await waiting))[0], 200);
  assert.equal((await bodyOf(await ask("/other")))[0], 200);
});

Deno.test("routes report each request once, and failed loads by key", async () => {
  const { ask, answered, failures } = serving((key) =>
    key === "/bad" ? { kind: "failed", status: 0, reason: "no" } : found("abc")
  );
  for (const target of ["/a", "/a", "/bad", "/.."]) await (await ask(target)).text();
  await ask("/..", { method: "HEAD" });
  assert.deepEqual(
    answered.map(({ path, status, bytes, outcome }) => [path, status, bytes, outcome]),
    [
      ["/a", 200, 3, "miss"],
      ["/a", 200, 3, "hit"],
      ["/bad", 502, "error status from backend: 0".length, "error"],
      ["/..", 400, "bad request".length, "refused"],
      ["/..", 400, 0, "refused"],
    ],
  );
  assert.deepEqual(failures, ["/bad"]);
});

Deno.test("routes answer any target with a status that is not theirs to blame", async () => {
  const { ask } = serving(() => ({ kind: "missing" }));
  const target = fc.array(
    fc.oneof(fc.constantFrom("/", "..", "%", "%2e", "%ff", "?", "#", "\\", "\0"), fc.string()),
  ).map((parts) => `/${parts.join("")}`);
  await fc.assert(
    fc.asyncProperty(target, async (path) => {
      const response = await ask(path);
      assert.ok(
        response.status === 400 || response.status === 404,
        `${response.status} for ${path}`,
      );
      await response.text();
    }),
    { numRuns: 10_000 },
  );
});

Deno.test("routes mark an answer that stands in for a failing backend", async () => {
  let outcome = found("k: v\n");
  const { ask, clock, answered } = serving(() => outcome, { ttlMs: 1000 });
  await (await ask("/a")).text();
  outcome = { kind: "failed", status: 0, reason: "down" };
  await clock.advance(3000);
  const stale = await ask("/a");
  assert.deepEqual(await bodyOf(stale), [200, "k: v\n"]);
  assert.equal(stale.headers.get("cache-status"), "kcfg; fwd=stale; ttl=-2; detail=stale-if-error");
  assert.equal(stale.headers.get("warning"), '110 - "Response is Stale"');
  assert.equal(stale.headers.get("age"), "3");
  assert.equal(answered.at(-1)?.outcome, "stale");
});

Deno.test("routes answer every failure alike when they are told to, as without a cache before", async () => {
  const { ask } = serving(() => ({ kind: "missing" }), { legacyErrors: true });
  assert.deepEqual(await bodyOf(await ask("/a")), [500, "fetch error"]);
});
