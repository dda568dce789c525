/** Keys that hold a URL: its body is the file, errors keep what was there. */

import assert from "node:assert/strict";
import { silentLogger } from "#lib/log/logger.ts";
import { ManualClock } from "#tests/support/clock.ts";
import { RefusedVersion } from "./payload.ts";
import { createUrlKeys } from "./url_keys.ts";

const MINUTE_MS = 60_000;
const { signal } = new AbortController();

function payload(content: Record<string, string>): Map<string, Uint8Array> {
  const encoder = new TextEncoder();
  return new Map(Object.entries(content).map(([path, text]) => [path, encoder.encode(text)]));
}

function setUp({ anyStatus = false } = {}) {
  const clock = new ManualClock();
  const answers = new Map<string, () => Response | Promise<Response>>();
  const asked: string[] = [];
  const keys = createUrlKeys({ anyStatus, timeoutMs: 1000 }, {
    clock,
    log: silentLogger,
    fetch(url) {
      asked.push(String(url));
      const answer = answers.get(String(url));
      return answer === undefined
        ? Promise.reject(new TypeError("refused"))
        : Promise.resolve(answer());
    },
  });
  return { clock, answers, asked, keys };
}

Deno.test("url keys become files under their names without the ending", async () => {
  const { answers, keys } = setUp();
  answers.set("https://a.example/x", () => new Response("body"));
  assert.deepEqual(
    await keys(
      payload({
        "d/a.json.url": " https://a.example/x\n",
        b: "1",
        ".url": "kept",
        "c.url": "ftp://x",
      }),
      signal,
    ),
    payload({ "d/a.json": "body", b: "1", ".url": "kept" }),
  );
});

Deno.test("url keys are asked once a minute, and keep the last body when that fails", async () => {
  const { clock, answers, asked, keys } = setUp();
  const wanted = payload({ "a.url": "http://a.example/" });
  answers.set("http://a.example/", () => new Response("1"));
  await keys(wanted, signal);
  assert.deepEqual(await keys(wanted, signal), payload({ a: "1" }));
  assert.equal(asked.length, 1);
  await clock.advance(MINUTE_MS);
  answers.set("http://a.example/", () => new Response("page", { status: 503 }));
  assert.deepEqual(await keys(wanted, signal), payload({ a: "1" }));
  assert.equal(asked.length, 2);
  answers.set("http://a.example/", () => new Response("2"));
  await clock.advance(MINUTE_MS);
  assert.deepEqual(await keys(wanted, signal), payload({ a: "2" }));
  // Nobody asks for it any more, so it is forgotten.
  await keys(payload({}), signal);
  answers.delete("http://a.example/");
  assert.deepEqual(await keys(wanted, signal), payload({}));
});

Deno.test("url keys that fail are asked again after a minute, not with every version", async () => {
  const { clock, answers, asked, keys } = setUp();
  const wanted = payload({ "a.url": "http://a.example/" });
  assert.deepEqual(await keys(wanted, signal), payload({}));
  assert.deepEqual(await keys(wanted, signal), payload({}));
  assert.equal(asked.length, 1);
  await clock.advance(MINUTE_MS);
  answers.set("http://a.example/", () => new Response("1"));
  assert.deepEqual(await keys(wanted, signal), payload({ a: "1" }));
});

Deno.test("url keys take the body of an error where they are told to", async () => {
  const { answers, keys } = setUp({ anyStatus: true });
  answers.set("http://a.example/", () => new Response("sorry", { status: 502 }));
  assert.deepEqual(
    await keys(payload({ "a.url": "http://a.example/" }), signal),
    payload({ a: "sorry" }),
  );
});

Deno.test("url keys leave out what is too large or does not come in time", async () => {
  const { clock, answers, keys } = setUp();
  const megabyte = new Uint8Array(1024 * 1024);
  answers.set("http://large.example/", () =>
    new Response(
      new ReadableStream({ pull: (controller) => controller.enqueue(megabyte) }),
    ));
  assert.deepEqual(await keys(payload({ "a.url": "http://large.example/" }), signal), payload({}));
  const asked = Promise.withResolvers<void>();
  const slow = createUrlKeys({ anyStatus: false, timeoutMs: 1000 }, {
    clock,
    log: silentLogger,
    fetch: (_url, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
        asked.resolve();
      }),
  });
  const result = slow(payload({ "a.url": "http://slow.example/" }), signal);
  await asked.promise;
  await clock.advance(1000);
  assert.deepEqual(await result, payload({}));
});

Deno.test("a file and a url key of its name are refused together", async () => {
  const { answers, keys } = setUp();
  answers.set("http://a.example/", () => new Response("1"));
  await assert.rejects(
    keys(payload({ a: "0", "a.url": "http://a.example/" }), signal),
    RefusedVersion,
  );
});

Deno.test("url keys whose names are none without the ending are refused", async () => {
  const { answers, keys } = setUp();
  answers.set("http://a.example/", () => new Response("1"));
  for (const path of ["d/...url", "d/..url"]) {
    await assert.rejects(keys(payload({ [path]: "http://a.example/" }), signal), RefusedVersion);
  }
});
