/** Loading from an HTTP server on loopback. */

import assert from "node:assert/strict";
import { startServer } from "#lib/http/server.ts";
import type { Handler } from "#lib/http/server.ts";
import { CapturedLog } from "#tests/support/log.ts";
import type { LoadOutcome } from "./upstream.ts";
import { joinKey } from "../requests/forward.ts";
import { createHttpUpstream, objectUrl } from "./upstream_http.ts";

const NEVER = new AbortController().signal;

interface LoadSetup {
  readonly signal?: AbortSignal;
  readonly authorization?: string;
}

function serving(handler: (request: Request) => Response | Promise<Response>) {
  const answer: Handler = (request) => handler(request);
  const server = startServer({
    name: "backend",
    address: { hostname: "127.0.0.1", port: 0 },
    handler: answer,
  }, { log: new CapturedLog() });
  const base = new URL(`http://127.0.0.1:${server.address.port}/base?fixed=1`);
  return {
    base,
    load: (key: string, { signal = NEVER, authorization }: LoadSetup = {}) =>
      createHttpUpstream({ base, authorization, maxObjectBytes: 1000 }, { fetch }).load(
        key,
        signal,
      ),
    [Symbol.asyncDispose]: () => server.stop(new AbortController().signal),
  };
}

function textOf(outcome: LoadOutcome): string {
  return outcome.kind === "found" ? new TextDecoder().decode(outcome.bytes) : outcome.kind;
}

Deno.test("objectUrl() encodes each segment once, cleans slashes and keeps the base's query", async (t) => {
  const base = new URL("http://h/base/?x=1");
  const cases: [string, string][] = [
    ["/a.yml", "/base/a.yml"],
    ["//a//b/", "/base/a/b/"],
    ["/a b+c", "/base/a%20b+c"],
    ["/a%20b", "/base/a%2520b"],
    ["/100%", "/base/100%25"],
    ["/a?b#c", "/base/a%3Fb%23c"],
    ["/$&+,:;=@-_.~", "/base/$&+,:;=@-_.~"],
    ["/!'()*", "/base/%21%27%28%29%2A"],
    ["/café", "/base/caf%C3%A9"],
  ];
  for (const [key, path] of cases) {
    const url = objectUrl(base, joinKey(key));
    await t.step(key, () => assert.equal(url.href, `http://h${path}?x=1`));
  }
});

Deno.test("http upstream loads by GET and passes nothing of a client on", async () => {
  const seen: [string, string, string | null][] = [];
  await using backend = serving((request) => {
    seen.push([request.method, request.url, request.headers.get("authorization")]);
    return new Response("k: v", { status: 201 });
  });
  assert.equal(textOf(await backend.load("/a b.yml", { authorization: "Basic abc" })), "k: v");
  assert.deepEqual(seen, [["GET", `${backend.base.origin}/base/a%20b.yml?fixed=1`, "Basic abc"]]);
});

Deno.test("http upstream tells missing, failed and unreachable apart", async () => {
  let status = 404;
  const backend = serving(() => new Response("x", { status }));
  assert.deepEqual(await backend.load("/a"), { kind: "missing" });
  status = 503;
  assert.deepEqual(await backend.load("/a"), {
    kind: "failed",
    status: 503,
    reason: "The backend answered 503",
  });
  await backend[Symbol.asyncDispose]();
  const gone = await backend.load("/a");
  assert.ok(gone.kind === "failed" && gone.status === 0);
  assert.match(gone.reason, /refused/i);
});

Deno.test("http upstream takes compressed answers and up to the limit, no more", async () => {
  let body: BodyInit = "x".repeat(1000);
  let headers: HeadersInit = {};
  await using backend = serving(() => new Response(body, { headers }));
  assert.equal(textOf(await backend.load("/a")).length, 1000);
  body = "x".repeat(1001);
  assert.equal(textOf(await backend.load("/a")), "too-large");
  const packed = new Blob(["y".repeat(500)]).stream().pipeThrough(new CompressionStream("gzip"));
  body = await new Response(packed).arrayBuffer();
  headers = { "content-encoding": "gzip" };
  assert.equal(textOf(await backend.load("/a")), "y".repeat(500));
});

Deno.test("http upstream follows nine redirects, and sends credentials to no other server", async () => {
  const seen: (string | null)[] = [];
  await using other = serving((request) => {
    seen.push(request.headers.get("authorization"));
    return new Response("there");
  });
  await using backend = serving((request) => {
    const left = Number(/\/(\d+)$/.exec(new URL(request.url).pathname)?.[1]);
    const location = left === 1
      ? other.base.href
      : `${request.url.replace(/\/\d+\?/, `/${left - 1}?`)}`;
    return new Response(null, { status: 302, headers: { location } });
  });
  assert.equal(textOf(await backend.load("/9", { authorization: "Basic abc" })), "there");
  assert.deepEqual(seen, [null]);
  const tooMany = await backend.load("/10");
  assert.ok(tooMany.kind === "failed" && /more than 9 redirects/.test(tooMany.reason));
});

Deno.test("http upstream does not follow a redirect to another kind of URL", async () => {
  await using backend = serving(() =>
    new Response(null, { status: 302, headers: { location: "file:///etc/passwd" } })
  );
  const outcome = await backend.load("/a");
  assert.ok(outcome.kind === "failed" && /file:/.test(outcome.reason));
});

Deno.test("http upstream stops when nobody waits", async () => {
  const arrived = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  await using backend = serving(async () => {
    arrived.resolve();
    await release.promise;
    return new Response("late");
  });
  const leaving = new AbortController();
  const loading = backend.load("/a", { signal: leaving.signal });
  await arrived.promise;
  const reason = new Error("nobody waits");
  leaving.abort(reason);
  await assert.rejects(loading, reason);
  release.resolve();
});

Deno.test("http upstream tells nobody the secrets in the query of its base", async () => {
  const upstream = createHttpUpstream({
    base: new URL("http://configs.example/files?token=s3cret"),
    authorization: undefined,
    maxObjectBytes: 1000,
  }, { fetch: (url) => Promise.reject(new TypeError(`error sending request for ${url}`)) });
  const outcome = await upstream.load("/a", new AbortController().signal);
  assert.deepEqual(outcome, {
    kind: "failed",
    status: 0,
    reason: "error sending request for http://configs.example/files/a?token=***",
  });
});
