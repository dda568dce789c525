/** Handlers that are loaded once the server listens. */

import assert from "node:assert/strict";
import { lateHandler } from "./late_handler.ts";

const REQUEST = new Request("http://localhost/");
const INFO = {} as Deno.ServeHandlerInfo<Deno.NetAddr>;

Deno.test("lateHandler() is made once, by requests that come before it is loaded", async () => {
  let made = 0;
  const late = lateHandler(() => {
    made += 1;
    return Promise.resolve(() => new Response("here"));
  });
  assert.equal(made, 0);
  const early = await Promise.all([late.handle(REQUEST, INFO), late.handle(REQUEST, INFO)]);
  await late.load();
  const answers = await Promise.all(
    [...early, await late.handle(REQUEST, INFO)].map((one) => one.text()),
  );
  assert.deepEqual([made, ...answers], [1, "here", "here", "here"]);
});

Deno.test("lateHandler() fails requests and loading when it cannot be made", async () => {
  const late = lateHandler(() => Promise.reject(new Error("no such file")));
  await assert.rejects(async () => await late.handle(REQUEST, INFO), /no such file/);
  await assert.rejects(late.load(), /no such file/);
});
