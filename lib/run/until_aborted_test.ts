/** Who gets what, and when, as the signal and the work end in either order. */

import assert from "node:assert/strict";
import { untilAborted } from "./until_aborted.ts";

Deno.test("untilAborted() gives what the work gives and hands none of it to discard", async () => {
  const abort = new AbortController();
  const discarded: string[] = [];
  const got = untilAborted(Promise.resolve("answer"), abort.signal, (late) => discarded.push(late));
  assert.equal(await got, "answer");
  abort.abort();
  await Promise.resolve();
  assert.deepEqual(discarded, []);
});

Deno.test("untilAborted() rejects with the reason at once and discards what comes too late", async () => {
  const abort = new AbortController();
  const work = Promise.withResolvers<string>();
  const discarded = Promise.withResolvers<string>();
  const got = untilAborted(work.promise, abort.signal, discarded.resolve);
  const reason = new Error("told to stop");
  abort.abort(reason);
  await assert.rejects(got, reason);
  work.resolve("late");
  assert.equal(await discarded.promise, "late");
});

Deno.test("untilAborted() does not wait when the signal came before, and loses a late failure", async () => {
  const reason = new Error("told to stop");
  const work = Promise.withResolvers<string>();
  await assert.rejects(untilAborted(work.promise, AbortSignal.abort(reason)), reason);
  work.reject(new Error("nobody waits for this"));
  await work.promise.catch(() => undefined);
});
