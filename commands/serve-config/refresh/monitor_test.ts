/** The webhook: who is recognised by what, what is told to whom, and who is turned away. */

import assert from "node:assert/strict";
import { silentLogger } from "#lib/log/logger.ts";
import { Metrics } from "#lib/metrics/metrics.ts";
import { ManualClock, settle } from "#tests/support/clock.ts";
import { hmacKey } from "../auth/hmac.ts";
import { Generations } from "./generations.ts";
import { createMonitor } from "./monitor.ts";
import { applicationsOf, pathsOf } from "./monitor_paths.ts";
import { Refresher } from "./refresher.ts";

const PUSH = { commits: [{ added: ["a.yml"], removed: ["b/c.yml"], modified: ["a.yml"] }] };

Deno.test("pathsOf() recognises each sender by its headers", async (t) => {
  const cases: [string, Record<string, string>, Record<string, unknown>, string[]][] = [
    ["GitHub", { "X-Github-Event": "push" }, PUSH, ["a.yml", "b/c.yml"]],
    ["GitHub, another event", { "X-Github-Event": "ping" }, PUSH, []],
    ["Gogs", { "X-Gogs-Event": "push" }, PUSH, ["a.yml", "b/c.yml"]],
    ["GitLab", { "X-Gitlab-Event": "Push Hook" }, PUSH, ["a.yml", "b/c.yml"]],
    ["Gitee", { "x-git-oschina-event": "Push Hook" }, PUSH, ["a.yml", "b/c.yml"]],
    ["Gitea", { "X-Gitea-Event": "push" }, {}, ["application.yml"]],
    [
      "Bitbucket cloud",
      { "X-Event-Key": "repo:push", "X-Hook-UUID": "u" },
      { push: { changes: [] } },
      ["application.yml"],
    ],
    ["Bitbucket cloud, no changes", { "X-Event-Key": "repo:push", "X-Hook-UUID": "u" }, {}, []],
    [
      "Bitbucket server",
      { "X-Event-Key": "repo:refs_changed", "X-Request-Id": "r" },
      { changes: [] },
      ["application.yml"],
    ],
    ["Bitbucket server, merged", { "X-Event-Key": "pr:merged", "X-Request-Id": "r" }, {}, [
      "application.yml",
    ]],
    ["plain, one", {}, { path: "foo.yml" }, ["foo.yml"]],
    ["plain, several", {}, { path: ["a.yml", 5, "b.yml"] }, ["a.yml", "b.yml"]],
    ["plain, none", {}, {}, []],
    ["malformed commits", { "X-Github-Event": "push" }, { commits: [null, { added: 5 }] }, []],
  ];
  for (const [name, headers, body, paths] of cases) {
    await t.step(name, () => assert.deepEqual(pathsOf(new Headers(headers), body), paths));
  }
});

Deno.test("applicationsOf() takes every stem that a file name may mean", () => {
  assert.deepEqual(applicationsOf(["foo-local-dev.yml"]), ["foo-local-dev", "foo-local", "foo"]);
  assert.deepEqual(applicationsOf(["application-local.yml"]), ["application-local", "*"]);
  assert.deepEqual(applicationsOf(["C:\\config\\foo.yml"]), ["foo"]);
  assert.deepEqual(applicationsOf(["/foo/bar.properties", "/application.properties"]), [
    "bar",
    "*",
  ]);
  assert.deepEqual(applicationsOf(["a/b-c.yml", "b.yml"]), ["b-c", "b"]);
  assert.deepEqual(applicationsOf([]), []);
});

Deno.test("applicationsOf() is soon done, and takes too many for all of them", () => {
  const startedAt = performance.now();
  assert.deepEqual(applicationsOf(["a-".repeat(2_500_000), "b.yml"]), ["b"], "no name of a file");
  const many = Array.from({ length: 200_000 }, (_, index) => `x${index}.yml`);
  assert.deepEqual(applicationsOf(many), ["*"]);
  assert.equal(applicationsOf(many.slice(0, 256)).length, 256);
  assert.ok(performance.now() - startedAt < 2000);
});

function monitorWith(secrets?: readonly string[]) {
  const destinations: string[] = [];
  const metrics = new Metrics();
  const refresher = new Refresher({ spring: false }, {
    generations: new Generations(),
    stores: [],
    spread(event) {
      destinations.push(event.destination ?? "");
      return Promise.resolve();
    },
    newId: () => crypto.randomUUID(),
    metrics,
    log: silentLogger,
  });
  const published: unknown[] = [];
  const handle = createMonitor({ path: "/monitor" }, {
    clock: new ManualClock(),
    refresher,
    publish: (event) => published.push(event),
    newId: () => `id-${published.length}`,
    readSecrets: secrets && (() => Promise.resolve(secrets)),
  });
  const post = async (path: string, body: BodyInit, headers: Record<string, string> = {}) => {
    const request = new Request(`http://h${path}`, { method: "POST", body, headers });
    const response = await handle(request, path);
    await refresher.settled();
    return response;
  };
  return { post, destinations, published };
}

Deno.test("the webhook answers the applications and refreshes each", async () => {
  const { post, destinations } = monitorWith();
  const answer = await post("/monitor", JSON.stringify(PUSH), { "X-Github-Event": "push" });
  assert.deepEqual(await answer?.json(), ["a", "c"]);
  assert.deepEqual(destinations, ["a:**", "c:**"]);
  const form = await post("/monitor", "path=/foo/bar.properties&path=/application.properties", {
    "content-type": "application/x-www-form-urlencoded",
  });
  assert.deepEqual(await form?.json(), ["bar", "*"]);
  const curl = await post("/monitor", '{"path": "qux.yml"}', {
    "content-type": "application/x-www-form-urlencoded",
  });
  assert.deepEqual(await curl?.json(), ["qux"], "JSON under the name that curl gives it");
  assert.deepEqual(destinations.slice(2), ["bar:**", "*:**", "qux:**"]);
});

Deno.test("the webhook answers when the peers were told, or have had time for it", async () => {
  const clock = new ManualClock();
  const told = Promise.withResolvers<void>();
  const refresher = new Refresher({ spring: false }, {
    generations: new Generations(),
    stores: [],
    spread: () => told.promise,
    newId: () => crypto.randomUUID(),
    metrics: new Metrics(),
    log: silentLogger,
  });
  const handle = createMonitor({ path: "/monitor" }, {
    ...{ refresher, clock, readSecrets: undefined },
    newId: () => crypto.randomUUID(),
  });
  const statuses: (number | undefined)[] = [];
  const post = async () => {
    const request = new Request("http://h/monitor", { method: "POST", body: '{"path":"a.yml"}' });
    statuses.push((await handle(request, "/monitor"))?.status);
  };
  const first = post();
  await clock.advance(1999);
  assert.deepEqual(statuses, []);
  await clock.advance(1);
  await first;
  assert.deepEqual(statuses, [200], "a peer that is gone holds no sender up");
  const second = post();
  await settle();
  assert.equal(statuses.length, 1);
  told.resolve();
  await second;
  assert.equal(statuses.length, 2);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("the webhook waits ten seconds for a body, and for sixteen at once", async () => {
  const clock = new ManualClock();
  const handle = createMonitor({ path: "/monitor" }, {
    refresher: new Refresher({ spring: false }, {
      generations: new Generations(),
      stores: [],
      newId: () => crypto.randomUUID(),
      metrics: new Metrics(),
      log: silentLogger,
    }),
    clock,
    newId: () => crypto.randomUUID(),
    readSecrets: undefined,
  });
  const post = async (body: BodyInit) => {
    const answer = await handle(
      new Request("http://h/monitor", { method: "POST", body }),
      "/monitor",
    );
    return answer?.status;
  };
  const endless = () => new ReadableStream({ start: (it) => it.enqueue(new Uint8Array(1)) });
  const slow = Array.from({ length: 16 }, () => post(endless()));
  await settle();
  assert.equal(await post("{}"), 503);
  await clock.advance(10_000);
  assert.deepEqual(new Set(await Promise.all(slow)), new Set([408]));
  assert.equal(await post("{}"), 200);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("the webhook refuses what is not JSON or too large, and knows its own paths alone", async () => {
  const { post, destinations } = monitorWith();
  assert.equal((await post("/monitor", "{"))?.status, 400);
  assert.equal((await post("/monitor", "5"))?.status, 400);
  assert.equal((await post("/monitor", "x".repeat(5 * 1024 * 1024 + 1)))?.status, 413);
  assert.equal(await post("/other", "{}"), undefined);
  assert.equal(await post("/monitors", "{}"), undefined);
  assert.deepEqual(destinations, []);
});

Deno.test("the bus endpoint refreshes its destination, or all", async () => {
  const { post, destinations, published } = monitorWith();
  assert.equal((await post("/actuator/busrefresh", ""))?.status, 204);
  assert.equal((await post("/actuator/busrefresh/orders/dev", ""))?.status, 204);
  assert.deepEqual(destinations, ["**", "orders:dev"]);
  assert.deepEqual(published, [
    { destination: "**", id: "id-0" },
    { destination: "orders:dev", id: "id-1" },
  ]);
});

Deno.test("with a secret, only who signs or presents it is heard", async (t) => {
  const body = JSON.stringify({ path: "a.yml" });
  const sign = async (secret: string) => {
    const key = await hmacKey(secret, "sign");
    const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(body));
    return new Uint8Array(mac).toHex();
  };
  const good = await sign("s3cret");
  const cases: [Record<string, string>, number][] = [
    [{}, 401],
    [{ "X-Hub-Signature-256": `sha256=${good}` }, 200],
    [{ "X-Hub-Signature": `sha256=${good}` }, 200],
    [{ "X-Gitea-Signature": good }, 200],
    [{ "X-Gogs-Signature": good }, 200],
    [{ "X-Gitlab-Token": "s3cret" }, 200],
    [{ "X-Gitlab-Token": "old" }, 200],
    [{ "X-Hub-Signature-256": good }, 401],
    [{ "X-Hub-Signature-256": `sha256=${await sign("other")}` }, 401],
    [{ "X-Hub-Signature-256": "sha256=zz" }, 401],
    [{ "X-Gitlab-Token": "s3cret2" }, 401],
    [{ "X-Gitlab-Token": "" }, 401],
  ];
  for (const [headers, status] of cases) {
    await t.step(JSON.stringify(headers), async () => {
      const { post, destinations } = monitorWith(["s3cret", "old"]);
      const answer = await post("/monitor", body, headers);
      assert.equal(answer?.status, status);
      await answer?.body?.cancel();
      assert.equal(destinations.length, status === 200 ? 1 : 0);
    });
  }
});
