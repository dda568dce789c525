/** Servers on ports that `fetch` refuses, and on others. */

import assert from "node:assert/strict";
import { anyPortFetch, isBlockedPort } from "./any_port_fetch.ts";
import { fetchByNode } from "./node_fetch.ts";
import { readBody } from "./read_body.ts";

Deno.test("isBlockedPort() knows what fetch refuses", async () => {
  const refuses = (port: number) =>
    fetch(`http://127.0.0.1:${port}/`).then(
      // Somebody may listen there.
      (response) => response.body?.cancel().then(() => false),
      (error) => /blocked/.test(String(error)),
    );
  for (const port of [1, 22, 2049, 5060, 6000, 6667, 10080, 81, 6001, 8080]) {
    assert.equal(isBlockedPort(new URL(`http://h:${port}/`)), await refuses(port), String(port));
  }
  assert.ok(!isBlockedPort(new URL("http://h/")));
});

Deno.test("anyPortFetch() asks fetch wherever it does not refuse", async () => {
  const asked: string[] = [];
  const fetching = anyPortFetch((url) => {
    asked.push(url.href);
    return Promise.resolve(new Response("x"));
  });
  await fetching(new URL("http://127.0.0.1:8080/a"), {});
  assert.deepEqual(asked, ["http://127.0.0.1:8080/a"]);
  // Nobody listens there; that it was tried at all is the point.
  await assert.rejects(fetching(new URL("http://127.0.0.1:1/a"), {}), /refused/i);
  assert.equal(asked.length, 1);
});

async function serving(handler: (request: Request) => Response | Promise<Response>) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  await Promise.resolve();
  return {
    url: (path: string) => new URL(`http://127.0.0.1:${server.addr.port}${path}`),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("fetchByNode() gives statuses, headers and decoded bodies, and follows nothing", async () => {
  const packed = await new Response(
    new Blob(["hello"]).stream().pipeThrough(new CompressionStream("gzip")),
  ).bytes();
  await using server = await serving((request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/gz") {
      return new Response(packed, { headers: { "content-encoding": "gzip", etag: '"e"' } });
    }
    if (pathname === "/302") {
      return new Response(null, { status: 302, headers: { location: "/x" } });
    }
    if (pathname === "/304") return new Response(null, { status: 304 });
    return new Response(`${request.headers.get("x-config-token")}`, { status: 201 });
  });
  const ask = (path: string) =>
    fetchByNode(server.url(path), { headers: { "x-config-token": "t" } });
  const unpacked = await ask("/gz");
  assert.deepEqual([unpacked.headers.get("etag"), await unpacked.text()], ['"e"', "hello"]);
  const moved = await ask("/302");
  assert.deepEqual([moved.status, moved.headers.get("location"), await moved.text()], [
    302,
    "/x",
    "",
  ]);
  assert.equal((await ask("/304")).status, 304);
  const plain = await ask("/other");
  assert.deepEqual([plain.status, await plain.text()], [201, "t"]);
});

Deno.test("fetchByNode() ends when it is told to, before the answer and within it", async () => {
  const released = Promise.withResolvers<void>();
  await using server = await serving(async (request) => {
    if (request.url.endsWith("/hang")) await released.promise;
    return new Response(
      new ReadableStream({ start: (it) => it.enqueue(new Uint8Array(3)) }),
    );
  });
  const early = new AbortController();
  const hanging = fetchByNode(server.url("/hang"), { signal: early.signal });
  early.abort(new Error("too late"));
  await assert.rejects(hanging, /too late/);
  released.resolve();
  const late = new AbortController();
  const response = await fetchByNode(server.url("/drip"), { signal: late.signal });
  const reading = readBody(response, 1000);
  late.abort(new Error("too late"));
  await assert.rejects(reading);
  // More than wanted: the rest is not read.
  assert.equal(await readBody(await fetchByNode(server.url("/drip"), {}), 2), undefined);
});
