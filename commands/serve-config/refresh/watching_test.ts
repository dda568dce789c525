/** Long polls and event streams, on a whole server. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { startReplica, testBackend } from "#tests/support/replicas.ts";
import type { Replica } from "#tests/support/replicas.ts";

async function serving(flags: Record<string, string> = {}) {
  const backend = testBackend();
  backend.objects.set("/a.yml", "one");
  const replica = await startReplica({ backend: backend.url, ...flags });
  const first = await replica.fetch("/a.yml");
  await first.text();
  return {
    backend,
    replica,
    etag: first.headers.get("etag") ?? "",
    async [Symbol.asyncDispose]() {
      await replica.app.stop();
      await backend[Symbol.asyncDispose]();
    },
  };
}

function poll(replica: Replica, etag: string, wait: number, init: RequestInit = {}) {
  const headers = { "if-none-match": etag, prefer: `wait=${wait}` };
  return replica.fetch("/a.yml", { headers, ...init });
}

async function waiters(replica: Replica, count: number): Promise<void> {
  await eventually(
    `${count} clients wait`,
    async () => await replica.metric("kcfg_watch_waiters") === count,
  );
}

Deno.test("a long poll is answered by the change, with one load for all who wait", async () => {
  await using setup = await serving();
  const { backend, replica, etag } = setup;
  const polls = Array.from({ length: 20 }, () => poll(replica, etag, 60));
  await waiters(replica, 20);
  backend.objects.set("/a.yml", "two");
  backend.asked.length = 0;
  replica.app.refreshAll();
  for (const answer of await Promise.all(polls)) {
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("preference-applied"), "wait=60");
    assert.equal(await answer.text(), "two");
  }
  assert.ok(backend.asked.length <= 2, `${backend.asked.length} loads`);
  await waiters(replica, 0);
});

Deno.test("a long poll whose object differs already is answered at once", async () => {
  await using setup = await serving();
  const answer = await poll(setup.replica, '"other"', 60);
  assert.deepEqual([answer.status, await answer.text()], [200, "one"]);
});

Deno.test("a long poll goes on when the refresh changed nothing, and ends with 304 in its time", async () => {
  await using setup = await serving();
  const { replica, etag } = setup;
  const waiting = poll(replica, etag, 1);
  await waiters(replica, 1);
  replica.app.refreshAll();
  const answer = await waiting;
  assert.equal(answer.status, 304);
  assert.equal(answer.headers.get("preference-applied"), "wait=1");
  await answer.body?.cancel();
});

Deno.test("a long poll whose client is gone leaves nothing behind, and the stop ends the others", async () => {
  await using setup = await serving();
  const { replica, etag } = setup;
  const gone = new AbortController();
  const left = poll(replica, etag, 60, { signal: gone.signal }).catch(() => "gone");
  const staying = poll(replica, etag, 60);
  await waiters(replica, 2);
  gone.abort();
  assert.equal(await left, "gone");
  await waiters(replica, 1);
  await replica.app.stop();
  const answer = await staying;
  assert.equal(answer.status, 304);
  await answer.body?.cancel();
});

Deno.test("waiting is granted up to --watch-max-wait", async () => {
  await using setup = await serving({ "watch-max-wait": "1s" });
  const answer = await poll(setup.replica, setup.etag, 300);
  assert.deepEqual([answer.status, answer.headers.get("preference-applied")], [304, "wait=1"]);
  await answer.body?.cancel();
});

/** Reads events of a stream, one at a time. */
function eventsOf(response: Response) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    async next(): Promise<string | undefined> {
      while (!text.includes("\n\n")) {
        const { value, done } = await reader?.read() ?? { done: true };
        if (done || value === undefined) return undefined;
        text += value;
      }
      const [event = "", ...rest] = text.split("\n\n");
      text = rest.join("\n\n");
      return event;
    },
    cancel: () => reader?.cancel(),
  };
}

const STREAM = { accept: "text/event-stream" };

Deno.test("a stream tells the state and each change, with the body on request", async () => {
  await using setup = await serving();
  const { backend, replica, etag } = setup;
  const events = eventsOf(await replica.fetch("/a.yml?body=1", { headers: STREAM }));
  const hash = etag.replaceAll('"', "");
  const data = (text: string, h: string) =>
    JSON.stringify({ etag: h, version: null, body: btoa(text) });
  assert.equal(
    await events.next(),
    `event: config\nid: ${hash}\ndata: ${data("one", hash)}`,
  );
  backend.objects.set("/a.yml", "two");
  replica.app.refreshAll();
  const second = await events.next() ?? "";
  const id = /^id: (.*)$/m.exec(second)?.[1] ?? "";
  assert.equal(second, `event: config\nid: ${id}\ndata: ${data("two", id)}`);
  await events.cancel();
  await waiters(replica, 0);
});

Deno.test("a stream that comes back hears nothing twice, and ends at the stop", async () => {
  await using setup = await serving();
  const { backend, replica, etag } = setup;
  const headers = { ...STREAM, "last-event-id": etag.replaceAll('"', "") };
  const events = eventsOf(await replica.fetch("/a.yml", { headers }));
  backend.objects.set("/a.yml", "two");
  await waiters(replica, 1);
  replica.app.refreshAll();
  assert.match(await events.next() ?? "", /^event: config\nid: (?!$)/);
  const end = events.next();
  await replica.app.stop();
  assert.equal(await end, undefined);
});

Deno.test("a stream of an object that is not there is its 404", async () => {
  await using setup = await serving();
  const answer = await setup.replica.fetch("/absent", { headers: STREAM });
  assert.deepEqual([answer.status, await answer.text()], [404, "not found"]);
  await waiters(setup.replica, 0);
});
