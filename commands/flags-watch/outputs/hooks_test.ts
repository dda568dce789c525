/** What hooks are told: programs by environment and stdin, servers by a request. */

import assert from "node:assert/strict";
import { FlagSet } from "#lib/flags/flag_set.ts";
import { Metrics } from "#lib/metrics/metrics.ts";
import { systemClock } from "#lib/run/clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { hookEnvironment, runCommand } from "./hook_command.ts";
import { needsPlainClient, sendRequest } from "./hook_request.ts";
import type { HookEvent } from "./hook_event.ts";
import { startHooks } from "./hooks.ts";

const EVENT: HookEvent = { seq: 7, changed: ["a", "b"], rejected: [], checksum: "c", changes: [] };

function flagSet(): FlagSet {
  const flags = new FlagSet();
  flags.int("rate-limit", 1);
  flags.string("password", "hunter2", "", { secret: true });
  return flags;
}

Deno.test("hookEnvironment() has all flags, and secret ones only when asked", () => {
  const env = { KCFG_FLAG_PASSWORD: "hunter1", PATH: "/bin" };
  const flags = flagSet();
  assert.deepEqual(hookEnvironment(flags, { event: EVENT, withSecrets: false, env }), {
    PATH: "/bin",
    KCFG_FLAG_RATE_LIMIT: "1",
    KCFG_FLAGS_CHANGED: "a b",
    KCFG_FLAGS_SEQ: "7",
  });
  const open = hookEnvironment(flags, { event: EVENT, withSecrets: true, env });
  assert.equal(open["KCFG_FLAG_PASSWORD"], "hunter2");
});

Deno.test("hookEnvironment() leaves no older value where the one in force fits no variable", () => {
  const flags = flagSet();
  flags.string("blob", "a\0b");
  const env = { KCFG_FLAG_BLOB: "from outside" };
  const given = hookEnvironment(flags, { event: EVENT, withSecrets: false, env });
  assert.deepEqual([given["KCFG_FLAG_BLOB"], given["KCFG_FLAGS_OMITTED"]], [undefined, "blob"]);
});

Deno.test("runCommand() starts the program also when a value is too large for a variable", async () => {
  const flags = flagSet();
  flags.string("large", "x".repeat(200_000));
  for (let i = 0; i < 30; i++) {
    flags.string(`many-${String(i).padStart(2, "0")}`, "x".repeat(100_000));
  }
  const env = { PATH: Deno.env.get("PATH") ?? "/bin", KCFG_FLAG_LARGE: "from outside" };
  const options = { event: EVENT, withSecrets: false, env };
  const given = hookEnvironment(flags, options);
  assert.equal(given["KCFG_FLAG_LARGE"], undefined);
  assert.equal(given["KCFG_FLAG_RATE_LIMIT"], "1");
  assert.match(given["KCFG_FLAGS_OMITTED"] ?? "", /^large many-05 .* many-29$/);
  const deps = { flags, clock: systemClock, env, isStdoutTaken: true };
  const signal = new AbortController().signal;
  await runCommand(["/bin/sh", "-c", "exit 0"], { ...options, signal }, deps);
});

Deno.test("runCommand() tells failures, and ends a program that ignores SIGTERM", async () => {
  const deps = { flags: flagSet(), clock: systemClock, env: {}, isStdoutTaken: true };
  const run = (script: string, signal = new AbortController().signal) =>
    runCommand(["/bin/sh", "-c", script], { event: EVENT, signal, withSecrets: false }, deps);
  await run("exit 0");
  await assert.rejects(run("exit 3"), /ended with status 3/);
  await assert.rejects(
    runCommand(["/nonexistent"], {
      event: EVENT,
      signal: new AbortController().signal,
      withSecrets: false,
    }, deps),
  );
  const stop = new AbortController();
  const stubborn = run("trap '' TERM; while :; do sleep 0.05; done", stop.signal);
  const reason = new Error("stopped");
  stop.abort(reason);
  await assert.rejects(stubborn, reason);
});

Deno.test("startHooks() sends changes to a server on loopback, secrets hidden", async () => {
  const seen: { body: HookEvent; headers: Headers; method: string }[] = [];
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      seen.push({ body: await request.json(), headers: request.headers, method: request.method });
      return new Response(null, { status: seen.length === 1 ? 503 : 204 });
    },
  );
  const flags = flagSet();
  const hookRuns = new Metrics().counter({ name: "runs", help: "", labels: ["hook", "result"] });
  await using _hooks = startHooks({
    command: undefined,
    request: {
      url: `http://127.0.0.1:${server.addr.port}/x`,
      method: "PUT",
      headers: [["x-a", "1"], ["X-A", "2"], ["Content-Type", "text/plain"]],
    },
    timeoutMs: 5000,
    onStart: false,
    withSecrets: false,
  }, {
    ...{ flags, clock: systemClock, env: {}, isStdoutTaken: true },
    log: new CapturedLog(),
    counters: { hookRuns },
  });
  flags.apply([["rate-limit", { raw: "5" }], ["password", { raw: "hunter3" }]], {
    source: "config",
  });
  await eventually("the second try has succeeded", () => hookRuns.value(["http", "ok"]) === 1);
  const [first, second] = seen;
  assert.deepEqual(first?.body, second?.body);
  assert.deepEqual([second?.method, second?.headers.get("x-a")], ["PUT", "1, 2"]);
  assert.equal(second?.headers.get("x-kcfg-flags-checksum"), flags.checksum());
  assert.deepEqual(second?.body.changed, ["password", "rate-limit"]);
  assert.equal(second?.headers.get("content-type"), "application/json");
  assert.equal(second?.body.changes[1]?.newString, "5");
  assert.ok(!JSON.stringify(second?.body).includes("hunter"));
});

Deno.test("sendRequest() fails for other answers and dead servers", async () => {
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response("no", { status: 302, headers: { location: "/" } }),
  );
  const target = { url: `http://127.0.0.1:${server.addr.port}/`, method: "POST", headers: [] };
  const { signal } = new AbortController();
  await assert.rejects(sendRequest(target, EVENT, signal), /status 302/);
  await assert.rejects(sendRequest({ ...target, url: "http://127.0.0.1:1/" }, EVENT, signal));
  await assert.rejects(sendRequest(target, EVENT, AbortSignal.abort(new Error("over"))), /over/);
});

Deno.test("needsPlainClient() is true for loopback and for ports that fetch may refuse", () => {
  const plain = ["http://127.0.0.1/", "http://localhost:80/", "http://[::1]/", "http://h:6000/"];
  for (const url of plain) assert.ok(needsPlainClient(new URL(url)), url);
  for (const url of ["http://h/", "https://h/", "http://h:8080/"]) {
    assert.ok(!needsPlainClient(new URL(url)), url);
  }
});
