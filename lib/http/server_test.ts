/** A server's beginning and end, on loopback. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { startServer } from "./server.ts";
import type { Handler } from "./server.ts";

const LOCAL = { hostname: "127.0.0.1", port: 0 };

function serve(handler: Handler, log = new CapturedLog()) {
  const server = startServer({ name: "test", address: LOCAL, handler }, { log });
  const { hostname, port } = server.address;
  return { server, url: `http://${hostname}:${port}/`, log };
}

Deno.test("startServer() knows its port and answers", async () => {
  const { server, url } = serve(() => new Response("hello"));
  assert.notEqual(server.address.port, 0);
  assert.equal(await (await fetch(url)).text(), "hello");
  await server.stop(new AbortController().signal);
});

Deno.test("startServer() answers a throwing handler with 500 and logs it once", async () => {
  const { server, url, log } = serve(() => {
    throw new Error("broken");
  });
  const response = await fetch(url);
  assert.equal(response.status, 500);
  assert.equal(await response.text(), "server error");
  assert.deepEqual(log.messages(), ["request failed"]);
  await server.stop(new AbortController().signal);
});

Deno.test("startServer() says which listener cannot have its address", async () => {
  const { server } = serve(() => new Response());
  const address = { hostname: "127.0.0.1", port: server.address.port };
  assert.throws(
    () =>
      startServer({ name: "health", address, handler: () => new Response() }, {
        log: new CapturedLog(),
      }),
    /Cannot listen on 127\.0\.0\.1:\d+ for the health listener/,
  );
  await server.stop(new AbortController().signal);
});

Deno.test("startServer() listens on both address families when no host is given", async () => {
  const log = new CapturedLog();
  const address = { hostname: undefined, port: 0 };
  const server = startServer({ name: "test", address, handler: () => new Response("x") }, { log });
  assert.equal(await (await fetch(`http://127.0.0.1:${server.address.port}`)).text(), "x");
  await server.stop(new AbortController().signal);
});

Deno.test("RunningServer.stop() lets a request in flight finish and takes no new one", async () => {
  const release = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const { server, url } = serve(async () => {
    arrived.resolve();
    await release.promise;
    return new Response("finished");
  });
  const asked = fetch(url).then((response) => response.text());
  await arrived.promise;
  const stopping = server.stop(new AbortController().signal);
  await eventually("new connections are refused", () => fetch(url).then(() => false, () => true));
  release.resolve();
  assert.equal(await asked, "finished");
  await stopping;
});

Deno.test("RunningServer.stop() does not wait for an open stream beyond the deadline", async () => {
  const { server, url, log } = serve(() =>
    new Response(
      new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) }),
    )
  );
  const response = await fetch(url);
  const deadline = new AbortController();
  const stopping = server.stop(deadline.signal);
  deadline.abort();
  await stopping;
  assert.deepEqual(log.messages("warn"), ["requests were still open at the stop"]);
  await response.body?.cancel();
  await server.finished;
});

Deno.test("RunningServer.stop() says nothing of an idle server that is stopped after the deadline", async () => {
  const { server, url, log } = serve(() => new Response("hello"));
  assert.equal(await (await fetch(url)).text(), "hello");
  await server.stop(AbortSignal.abort());
  assert.deepEqual(log.messages(), []);
  await assert.rejects(fetch(url));
});
