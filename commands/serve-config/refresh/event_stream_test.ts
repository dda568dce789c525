/** A stream by itself, in time that the test moves; streams of a whole server are in `watching_test.ts`. */

import assert from "node:assert/strict";
import { ManualClock } from "#tests/support/clock.ts";
import { createStream } from "./event_stream.ts";
import { Generations } from "./generations.ts";

Deno.test("createStream() finds a change that nobody tells of, when the object is asked for again", async () => {
  const clock = new ManualClock();
  const client = new AbortController();
  let hash = "one";
  const response = await createStream(
    new Request("http://h/a.yml", { signal: client.signal }),
    {
      key: "/a.yml",
      load: {},
      answer: () =>
        Promise.resolve({
          response: new Response("x", { headers: { etag: `"${hash}"` } }),
          version: hash === "one" ? null : "v2",
        }),
    },
    { generations: new Generations(), clock, stopping: new AbortController().signal },
  );
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const next = async () => (await reader?.read())?.value ?? "";
  assert.match(await next(), /^event: config\nid: one\n/);
  await clock.advance(15_000);
  assert.equal(await next(), ": still here\n\n");
  hash = "two";
  await clock.advance(15_000);
  assert.equal(await next(), ": still here\n\n");
  assert.equal(
    await next(),
    'event: config\nid: two\ndata: {"etag":"two","version":"v2"}\n\n',
  );
  client.abort();
  assert.equal(await next(), "");
  assert.equal(clock.pendingTimers, 0);
});
