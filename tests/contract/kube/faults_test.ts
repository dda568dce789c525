/** Rows of the watch fault table that need sockets: the client against the fake API server. */

import { openLightTls } from "#lib/kube/transport/deno.ts";
import assert from "node:assert/strict";
import { createKubeClient } from "#lib/kube/client.ts";
import type { Informer, KubeClient, KubeClientOptions } from "#lib/kube/contract.ts";
import { unrestricted } from "#lib/kube/scope/client_scope.ts";
import { ManualClock } from "#tests/support/clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import { fakePlatform } from "#tests/support/fake_platform.ts";
import { type KubeServer, startKubeServer } from "#tests/support/kube_server.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { startRelay } from "#tests/support/tls_server.ts";

const CONFIG_MAPS = { group: "", version: "v1", resource: "configmaps", namespace: "default" };

interface Fixture extends AsyncDisposable {
  readonly client: KubeClient;
  readonly informer: Informer;
  readonly events: string[];
  readonly log: CapturedLog;
}

function clientOf(
  server: KubeServer,
  options: Partial<KubeClientOptions> & { readonly port?: number } = {},
): Fixture {
  const { port = server.port, config, ...rest } = options;
  const log = new CapturedLog();
  const client = createKubeClient({
    scope: unrestricted(),
    logger: log,
    random: () => 0,
    config: {
      server: `https://127.0.0.1:${port}`,
      certificateAuthority: { text: server.caPem },
      ...config,
    },
    // Short pings in real time, the usual ones in a test's own.
    transportOptions: {
      openLightTls,
      ...(rest.clock === undefined ? { pingIntervalMs: 100, pingTimeoutMs: 200 } : {}),
    },
    ...rest,
  });
  const informer = client.informer({ resource: CONFIG_MAPS });
  const events: string[] = [];
  informer.addHandler((event) => {
    const name = "object" in event ? ` ${event.object.metadata.name}` : "";
    events.push(`${event.type}${name}`);
  });
  return { client, informer, events, log, [Symbol.asyncDispose]: () => client.close() };
}

function put(server: KubeServer, name: string, value = "1"): void {
  server.put({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "default" },
    data: { value },
  });
}

async function started(fixture: Fixture, server: KubeServer): Promise<void> {
  fixture.informer.start();
  await fixture.informer.synced;
  await eventually("the watch is open", () => server.watches().length > 0);
}

const lists = (server: KubeServer) =>
  server.requests.filter(({ query }) => query.get("watch") !== "true").length;

for (const act of ["cut", "reset", "endWithoutNewline"] as const) {
  const row = { cut: "3", reset: "4", endWithoutNewline: "5" }[act];
  for (const http2 of [true, false]) {
    Deno.test(`informer row ${row} on sockets, HTTP/${http2 ? 2 : 1.1}: ${act}`, async () => {
      await using server = await startKubeServer({ http2 });
      await using fixture = clientOf(server);
      put(server, "a");
      server.inject({ kind: "stream", act, afterEvents: 0 }, { verb: "watch" });
      await started(fixture, server);
      put(server, "b");
      await eventually("the cut event came", () => fixture.informer.get("default", "b"));
      assert.deepEqual(fixture.events, ["added a", "synced", "added b"]);
      assert.equal(lists(server), 1);
    });
  }
}

Deno.test("informer row 17: a half-open connection is found and no event is lost", async () => {
  await using server = await startKubeServer();
  await using relay = await startRelay(server.port);
  await using fixture = clientOf(server, { port: relay.port });
  put(server, "a");
  await started(fixture, server);
  relay.freeze();
  put(server, "a", "2");
  put(server, "b");
  await eventually("the missed events came", () => fixture.informer.get("default", "b"));
  assert.deepEqual(fixture.events, ["added a", "synced", "updated a", "added b"]);
  assert.equal(lists(server), 1);
  assert.equal(relay.connections(), 2);
});

Deno.test("informer row 17 on HTTP/1.1: silence after bookmarks ends the stream", async () => {
  const clock = new ManualClock();
  await using server = await startKubeServer({ http2: false });
  await using relay = await startRelay(server.port);
  await using fixture = clientOf(server, { port: relay.port, clock });
  await started(fixture, server);
  put(server, "a");
  server.bookmark();
  await eventually(
    "the bookmark came",
    () => fixture.informer.lastSyncResourceVersion === String(server.resourceVersion),
  );
  relay.freeze();
  put(server, "b");
  await clock.advance(119_000);
  assert.equal(fixture.informer.get("default", "b"), undefined);
  await clock.advance(1_000);
  await eventually("the missed event came", () => fixture.informer.get("default", "b"));
  assert.equal(lists(server), 1);
});

Deno.test("informer row 18: three watches on a frozen connection recover on a fresh one", async () => {
  await using server = await startKubeServer();
  await using relay = await startRelay(server.port);
  await using fixture = clientOf(server, { port: relay.port });
  const others = ["secrets", "services"].map((resource) =>
    fixture.client.informer({ resource: { ...CONFIG_MAPS, resource } })
  );
  const all = [fixture.informer, ...others];
  for (const informer of all) informer.start();
  await Promise.all(all.map((informer) => informer.synced));
  await eventually("three watches are open", () => server.watches().length === 3);
  relay.freeze();
  put(server, "a");
  for (const kind of ["Secret", "Service"]) {
    server.put({ apiVersion: "v1", kind, metadata: { name: "a", namespace: "default" } });
  }
  for (const informer of all) {
    await eventually("the missed event came", () => informer.get("default", "a"));
  }
  assert.equal(relay.connections(), 2);
  assert.equal(lists(server), 3);
});

const TOKEN_FILE = "/token";
const USER = { name: "admin", groups: ["system:masters"] };

Deno.test("informer row 19: a 401 at the start of a watch takes the new token", async () => {
  await using server = await startKubeServer({ users: { old: USER } });
  const platform = fakePlatform({ [TOKEN_FILE]: "old\n" });
  const config = {
    server: server.url,
    certificateAuthority: { text: server.caPem },
    token: { file: TOKEN_FILE },
  };
  await using fixture = clientOf(server, { platform, config });
  await started(fixture, server);
  server.rotateToken("old", "new");
  platform.files.set(TOKEN_FILE, "new\n");
  for (const watch of server.watches()) watch.cut();
  await eventually("the watch was refused and open again", () => server.requests.length === 4);
  put(server, "a");
  await eventually("events come", () => fixture.informer.get("default", "a"));
  assert.deepEqual(fixture.events, ["synced", "added a"]);
  const statuses = server.requests.map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 401).length, 1);
});

Deno.test("informer row 20: a lasting 401 is told once, the token read at every attempt", async () => {
  const clock = new ManualClock();
  await using server = await startKubeServer({ users: { good: USER } });
  const platform = fakePlatform({ [TOKEN_FILE]: "bad" });
  const config = {
    server: server.url,
    certificateAuthority: { text: server.caPem },
    token: { file: TOKEN_FILE },
  };
  await using fixture = clientOf(server, { platform, config, clock });
  fixture.informer.start();
  const reads = () => platform.reads.filter((path) => path === TOKEN_FILE).length;
  for (let attempt = 1; attempt <= 4; attempt++) {
    await eventually(
      "the attempt failed",
      () => server.requests.length === attempt && fixture.informer.state === "denied",
    );
    assert.equal(reads(), attempt + 1);
    await clock.advanceToNext();
  }
  assert.deepEqual(fixture.events, ["error"]);
  platform.files.set(TOKEN_FILE, "good");
  await eventually("the last refused attempt is over", () => server.requests.length >= 5);
  while (!fixture.informer.hasSynced) {
    await clock.advanceToNext();
    await eventually("the attempt is over", () => fixture.informer.state !== "listing");
  }
  assert.deepEqual(fixture.events, ["error", "synced"]);
});

Deno.test("informer row 21: after its token expired, a watch comes back with the fresh one", async () => {
  const clock = new ManualClock();
  await using server = await startKubeServer({ users: { old: USER, new: USER } });
  const platform = fakePlatform({ [TOKEN_FILE]: "old" });
  const config = {
    server: server.url,
    certificateAuthority: { text: server.caPem },
    token: { file: TOKEN_FILE },
  };
  await using fixture = clientOf(server, { platform, config, clock });
  await started(fixture, server);
  platform.files.set(TOKEN_FILE, "new");
  server.revokeToken("old");
  await clock.advance(51_000);
  for (const watch of server.watches()) watch.end();
  await eventually("the watch was asked for again", () => server.requests.length === 3);
  const last = server.requests.at(-1);
  assert.ok(last?.headerLines.some(([, value]) => value === "Bearer new"));
  await eventually("the watch is open again", () => last?.status === 200);
});

Deno.test("informer row 36: GOAWAY lets a watch go on and new requests go elsewhere", async () => {
  await using server = await startKubeServer();
  await using relay = await startRelay(server.port);
  await using fixture = clientOf(server, { port: relay.port });
  await started(fixture, server);
  server.goaway("graceful");
  await eventually("a request used a new connection", async () => {
    await fixture.client.list(CONFIG_MAPS);
    return relay.connections() === 2;
  });
  put(server, "a");
  await eventually("the old stream still delivers", () => fixture.informer.get("default", "a"));
  const watches = server.requests.filter(({ query }) => query.get("watch") === "true");
  assert.equal(watches.length, 1);
});

Deno.test("informer row 40: a redirect is refused and nothing is sent elsewhere", async (t) => {
  for (const code of [301, 302, 307]) {
    await t.step(String(code), async () => {
      await using server = await startKubeServer({ users: { secret: USER } });
      await using elsewhere = await startKubeServer();
      server.inject({ kind: "redirect", location: `${elsewhere.url}/api/v1/x`, code });
      const config = {
        server: server.url,
        certificateAuthority: { text: server.caPem },
        token: { text: "secret" },
      };
      await using fixture = clientOf(server, { config });
      await assert.rejects(fixture.client.list(CONFIG_MAPS), (error: Error) => {
        assert.match(error.message, /redirect, which is never followed/);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      });
      assert.equal(elsewhere.requests.length, 0);
      assert.equal(server.requests.length, 1);
    });
  }
});

Deno.test("informer stops within 100 ms on an open socket and leaves no watch behind", async () => {
  await using server = await startKubeServer();
  await using fixture = clientOf(server);
  await started(fixture, server);
  const startMs = performance.now();
  await fixture.informer.stop();
  assert.ok(performance.now() - startMs < 100);
  await eventually("the server's watch is gone", () => server.watches().length === 0);
});
