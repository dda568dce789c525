/** The typed routes. */

import assert from "node:assert/strict";
import { ManualClock, settle } from "#tests/support/clock.ts";
import type { SetAttempt } from "./endpoint.ts";
import { type FlagRoutesOptions, handleFlagRoutes } from "./flag_routes.ts";
import { FlagSet } from "./flag_set.ts";

const SET = { setUrl: "/set" };

function example(): FlagSet {
  const flags = new FlagSet("demo");
  flags.int("limit", 1);
  flags.int64("large", 1n);
  flags.stringSlice("list", ["a"]);
  flags.stringSet("tags", ["a"]);
  flags.json("doc", { a: 1 });
  flags.int("pin", 1, "", { secret: true });
  flags.static.int("port", 80);
  return flags;
}

async function send(
  flags: FlagSet,
  [method, path, body, type = "text/plain"]: readonly [string, string, string?, string?],
  options: FlagRoutesOptions = SET,
) {
  const init = body === undefined
    ? { method }
    : { method, body, headers: { "content-type": type } };
  const response = await handleFlagRoutes(
    flags,
    new Request(`http://f.test${path}`, init),
    options,
  );
  assert.ok(response);
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

Deno.test("GET /flags shows all values, GET /flags/{name} one in full", async () => {
  const flags = example();
  const all = await send(flags, ["GET", "/flags"]);
  assert.deepEqual([all.status, all.body.set, all.body.flags.limit], [200, "demo", 1]);
  const one = await send(flags, ["GET", "/flags/limit"]);
  assert.deepEqual([one.status, one.body.name, one.body.source], [200, "limit", "default"]);
  assert.equal((await send(flags, ["GET", "/flags/nope"])).status, 404);
  assert.equal((await send(flags, ["POST", "/flags"])).status, 405);
  assert.equal((await send(flags, ["PATCH", "/flags/limit"])).status, 405);
  assert.equal(await handleFlagRoutes(flags, new Request("http://f.test/other")), undefined);
});

Deno.test("PUT /flags/{name} takes text and JSON of the natural kind", async () => {
  const flags = example();
  const json = "application/json";
  assert.deepEqual((await send(flags, ["PUT", "/flags/limit", " 5\n"])).body.value, 5);
  assert.deepEqual((await send(flags, ["PUT", "/flags/limit", "6", json])).body.value, 6);
  assert.deepEqual((await send(flags, ["PUT", "/flags/limit", '"0x7"', json])).body.value, 7);
  const loud = "Application/JSON;charset=utf-8";
  assert.deepEqual((await send(flags, ["PUT", "/flags/limit", '"8"', loud])).body.value, 8);
  const large = await send(flags, ["PUT", "/flags/large", "1152921504606846977", json]);
  assert.equal(large.body.value, "1152921504606846977");
  assert.deepEqual((await send(flags, ["PUT", "/flags/list", '["b,c","a"]', json])).body.value, [
    "b,c",
    "a",
  ]);
  assert.deepEqual((await send(flags, ["PUT", "/flags/tags", '["b","a"]', json])).body.value, [
    "a",
    "b",
  ]);
  assert.deepEqual(
    (await send(flags, ["PUT", "/flags/doc", '{"b": 2}', json])).body.string,
    '{"b":2}',
  );
  assert.equal(flags.entry("limit")?.source, "http");
});

Deno.test("PUT /flags/{name} refuses with the reason", async () => {
  const flags = example();
  const json = "application/json";
  assert.deepEqual(await send(flags, ["PUT", "/flags/limit", "x"]), {
    status: 422,
    body: { error: 'strconv.ParseInt: parsing "x": invalid syntax' },
  });
  const statuses = [
    await send(flags, ["PUT", "/flags/limit", "{", json]),
    await send(flags, ["PUT", "/flags/limit", "[1]", json]),
    await send(flags, ["PUT", "/flags/port", "1"]),
    await send(flags, ["PUT", "/flags/nope", "1"]),
    await send(flags, ["PUT", "/flags/limit", "1"], {}),
    await send(flags, ["PUT", "/flags/limit", "1"], { ...SET, setToken: "t" }),
  ].map(({ status }) => status);
  assert.deepEqual(statuses, [422, 422, 400, 404, 403, 401]);
  assert.equal(flags.get("limit")?.value, 1);
});

Deno.test("PUT /flags/{name} tells no secret", async () => {
  const attempts: SetAttempt[] = [];
  const options = { ...SET, onSet: (attempt: SetAttempt) => void attempts.push(attempt) };
  const refused = await send(example(), ["PUT", "/flags/pin", "hunter2"], options);
  assert.deepEqual(refused, { status: 422, body: { error: "refused" } });
  assert.deepEqual(attempts.map(({ raw, status }) => [raw, status]), [[undefined, 422]]);
});

Deno.test("DELETE /flags/{name} takes an override back", async () => {
  const flags = example();
  flags.apply([["limit", { raw: "3" }]], { source: "config" });
  await send(flags, ["PUT", "/flags/limit", "9"]);
  const { status, body } = await send(flags, ["DELETE", "/flags/limit"]);
  assert.deepEqual([status, body.value, body.source], [200, 3, "config"]);
});

Deno.test("DELETE /flags/{name} says so when a rule keeps the override in force", async () => {
  const flags = example();
  flags.apply([["limit", { raw: "2" }]], { source: "config" });
  flags.apply([["limit", { raw: "5" }], ["large", { raw: "5" }]], { source: "http" });
  flags.addRule({
    ...{ name: "order", flags: ["limit", "large"], text: "large <= limit" },
    holds: (read) => Number(read("large")) <= Number(read("limit")),
  });
  const attempts: SetAttempt[] = [];
  const answer = await send(flags, ["DELETE", "/flags/limit"], {
    ...SET,
    onSet: (attempt) => attempts.push(attempt),
  });
  assert.deepEqual(answer, {
    status: 422,
    body: { error: 'update breaks rule "order": large <= limit' },
  });
  assert.deepEqual(attempts.map(({ status }) => status), [422]);
  assert.equal(flags.get("limit")?.value, 5);
});

Deno.test("GET /flags?wait waits for the next update", async () => {
  const flags = example();
  const options = { clock: new ManualClock() };
  assert.equal((await send(flags, ["GET", "/flags?wait=30s&seq=7"], options)).status, 200);
  // The same number of another process, in which other values were set.
  const other = ["GET", "/flags?wait=30s&seq=0&checksum=00000000"] as const;
  assert.equal((await send(flags, other, options)).status, 200);
  const known = `/flags?wait=30s&seq=0&checksum=${flags.checksum()}`;
  const waiting = send(flags, ["GET", known], options);
  await settle();
  assert.equal(options.clock.pendingTimers, 1);
  flags.set("limit", "2");
  assert.equal((await waiting).body.seq, 1);
  assert.equal(options.clock.pendingTimers, 0);
});

Deno.test("GET /flags?wait answers 304 after the wait, of five minutes at most", async () => {
  const flags = example();
  const options = { clock: new ManualClock() };
  const waiting = send(flags, ["GET", "/flags?wait=1h&seq=0"], options);
  await settle();
  assert.equal(options.clock.nextTimerMs, 300_000);
  await options.clock.advance(300_000);
  assert.equal((await waiting).status, 304);
  assert.equal((await send(flags, ["GET", "/flags?wait=soon&seq=0"], options)).status, 400);
});

Deno.test("GET /flags?wait does not wait for a client that is gone", async () => {
  const clock = new ManualClock();
  const controller = new AbortController();
  const request = new Request("http://f.test/flags?wait=30s&seq=0", { signal: controller.signal });
  const waiting = handleFlagRoutes(example(), request, { clock });
  await settle();
  controller.abort();
  assert.equal((await waiting)?.status, 304);
  assert.equal(clock.pendingTimers, 0);
});
