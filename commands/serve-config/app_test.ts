/** The server in one piece, on loopback. */

import assert from "node:assert/strict";
import { resolveFlags } from "#lib/cli/resolve_flags.ts";
import { systemClock } from "#lib/run/clock.ts";
import { processReadings } from "#lib/run/process_readings.ts";
import { eventually } from "#tests/support/eventually.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { rawHttp } from "#tests/support/raw_http.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { createApp } from "./app.ts";
import { createUpstream } from "./upstream/create_upstream.ts";
import { FLAGS, toOptions } from "./options.ts";

const LOCAL = "127.0.0.1:0";

async function started(directory: string, flags: Record<string, string> = {}, env = {}) {
  const resolved = resolveFlags(FLAGS, {
    flags: {
      backend: `dir:${directory}`,
      "listen-addr": LOCAL,
      "health-addr": LOCAL,
      "metrics-addr": LOCAL,
      "groupcache-port": ":0",
      refresh: "false",
      ...flags,
    },
    env,
    command: "serve-config",
    lenientEnv: true,
  });
  const log = new CapturedLog();
  const options = toOptions(resolved, {});
  const app = createApp(options, {
    clock: systemClock,
    log,
    upstream: await createUpstream(options, { clock: systemClock, log }),
    random: Math.random,
    readings: processReadings(),
  });
  const addresses = await app.start();
  const get = async (listener: keyof typeof addresses, path: string) => {
    const { hostname, port } = addresses[listener];
    const response = await fetch(`http://${hostname}:${port}${path}`);
    return { status: response.status, text: await response.text() };
  };
  return { app, log, get, addresses, [Symbol.asyncDispose]: () => app.stop() };
}

Deno.test("createApp() serves files, health, readiness and metrics", async () => {
  await using dir = await tempDir();
  await dir.write("a.yml", "k: v\n");
  await using server = await started(dir.path);
  assert.deepEqual(await server.get("application", "/a.yml"), { status: 200, text: "k: v\n" });
  assert.deepEqual(await server.get("application", "/absent"), { status: 404, text: "not found" });
  assert.deepEqual(await server.get("health", "/health"), { status: 200, text: "health ok" });
  assert.deepEqual(await server.get("health", "/livez"), { status: 200, text: "ok" });
  assert.equal((await server.get("health", "/readyz")).status, 200);
  const metrics = (await server.get("metrics", "/metrics")).text;
  assert.match(
    metrics,
    /^http_server_requests_seconds_count\{method="GET",status="200",uri="\/a.yml"\} 1$/m,
  );
  assert.match(metrics, /^groupcache_cache_items\{group="configfiles",type="main"\} 1$/m);
});

Deno.test("createApp() counts no requests when it is told not to, and everything else still", async () => {
  await using dir = await tempDir();
  await dir.write("a.yml", "k: v\n");
  await using server = await started(dir.path, { "request-metrics": "false", "log-level": "warn" });
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(await server.get("application", "/a.yml"), { status: 200, text: "k: v\n" });
  }
  const metrics = (await server.get("metrics", "/metrics")).text;
  assert.doesNotMatch(metrics, /http_server_requests/);
  assert.match(metrics, /^groupcache_hits_total\{group="configfiles"\} 1$/m);
});

Deno.test("createApp() refuses a path that leaves the directory, as it was sent", async () => {
  await using dir = await tempDir();
  await using server = await started(dir.path);
  const answer = await rawHttp(
    server.addresses.application,
    "GET /../../etc/hostname HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
  );
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.ok(answer.endsWith("bad request"));
});

Deno.test("createApp() shows a changed file soon, without a time to live", async () => {
  await using dir = await tempDir();
  await dir.write("a.yml", "old");
  await using server = await started(dir.path);
  assert.equal((await server.get("application", "/a.yml")).text, "old");
  await dir.write("a.yml", "new");
  await eventually(
    "the new content is served",
    async () => (await server.get("application", "/a.yml")).text === "new",
  );
  assert.match(
    (await server.get("metrics", "/metrics")).text,
    /kcfg_refresh_events_total\{source="watch"/,
  );
});

Deno.test("ServeConfigApp.refreshAll() drops everything kept", async () => {
  await using dir = await tempDir();
  await dir.write("a.yml", "1");
  await using server = await started(dir.path);
  await server.get("application", "/a.yml");
  assert.equal(server.app.refreshAll(), 1);
  assert.equal(server.app.refreshAll(), 0);
});

Deno.test("createApp() reports malformed variables in log and metrics", async () => {
  await using dir = await tempDir();
  await using server = await started(dir.path, {}, { TTL: "300" });
  assert.deepEqual(server.log.messages("error"), ["variable is malformed, the default is used"]);
  assert.match(
    (await server.get("metrics", "/metrics")).text,
    /kcfg_config_errors_total\{option="ttl"\} 1/,
  );
});

Deno.test("createApp() does not start without its listeners, and leaves none open", async () => {
  await using dir = await tempDir();
  await using server = await started(dir.path);
  const taken = `127.0.0.1:${server.addresses.application.port}`;
  await assert.rejects(
    started(dir.path, { "listen-addr": taken }),
    /Cannot listen on .* for the application listener/,
  );
});

Deno.test("ServeConfigApp.stop() turns unready first and waits its delay", async () => {
  await using dir = await tempDir();
  const server = await started(dir.path, { "shutdown-delay": "200ms" });
  const stopping = server.app.stop();
  const readyz = await server.get("health", "/readyz");
  assert.equal(readyz.status, 503);
  assert.deepEqual(JSON.parse(readyz.text).checks.listener, { status: "fail", detail: "stopping" });
  assert.equal((await server.get("application", "/absent")).status, 404);
  await stopping;
  await assert.rejects(server.get("health", "/livez"));
});

Deno.test("createApp() does not start without the secrets that it is to ask for", async () => {
  await using dir = await tempDir();
  const empty = await dir.write("empty", "\n");
  for (const flag of ["peer-secret-file", "monitor-secret-file"]) {
    await assert.rejects(started(dir.path, { [flag]: `${dir.path}/absent` }), /Cannot read secret/);
    await assert.rejects(started(dir.path, { [flag]: empty }), /is empty: it needs a line/);
  }
});

Deno.test("createApp() tells caches on the way that Spring's answers differ by media type", async () => {
  await using dir = await tempDir();
  await dir.write("orders.yml", `k: ${"v".repeat(2000)}\n`);
  await dir.write("application.yml", "k: v\n");
  await using server = await started(dir.path, { api: "spring" });
  const { hostname, port } = server.addresses.application;
  const vary = async (path: string, accept = "*/*") => {
    const headers = { accept, "accept-encoding": "identity" };
    const response = await fetch(`http://${hostname}:${port}${path}`, { headers });
    await response.body?.cancel();
    return response.headers.get("vary");
  };
  const v2 = "application/vnd.spring-cloud.config-server.v2+json";
  assert.equal(await vary("/other/dev"), "Accept");
  assert.equal(await vary("/other/dev", v2), "Accept");
  assert.equal(await vary("/orders/dev"), "Accept, Accept-Encoding");
  assert.equal(await vary("/orders/dev"), "Accept, Accept-Encoding", "of a hit");
});

Deno.test("createApp() shows counters of what has not happened yet", async () => {
  await using dir = await tempDir();
  await using server = await started(dir.path);
  const metrics = (await server.get("metrics", "/metrics")).text;
  for (
    const line of [
      'groupcache_loads_deduped_total{group="configfiles"} 0',
      'groupcache_local_load_errs_total{group="configfiles"} 0',
      'groupcache_cache_evictions_total{group="configfiles",type="hot"} 0',
      'kcfg_stale_served_total{reason="error"} 0',
      "kcfg_invalidated_keys_total 0",
      "kubegroup_peers 1",
    ]
  ) assert.ok(metrics.includes(`${line}\n`), line);
});

Deno.test("createApp() says at its start that the directory is not there, and finds it later", async () => {
  await using dir = await tempDir();
  const directory = `${dir.path}/later`;
  await using server = await started(directory);
  const told = server.log.lines.find(({ message }) => message.startsWith("backend directory"));
  assert.equal(told?.fields["path"], directory);
  await dir.write("later/a.yml", "k: v");
  assert.equal((await server.get("application", "/a.yml")).status, 200);
});

Deno.test("createApp() tells when a text resource changed, and who has that version gets no other", async () => {
  await using dir = await tempDir();
  const seconds = Date.UTC(2026, 10, 20, 14, 12, 44) / 1000;
  for (const [name, text] of [["n.conf", "worker 1;\n"], ["p.conf", "at ${host}\n"]] as const) {
    await Deno.utime(await dir.write(name, text), seconds, seconds);
  }
  await using server = await started(dir.path, { api: "spring" });
  const { hostname, port } = server.addresses.application;
  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`http://${hostname}:${port}/a/dev/main/${path}`, { headers });
    await response.body?.cancel();
    return [response.status, response.headers.get("last-modified")];
  };
  const changed = "Fri, 20 Nov 2026 14:12:44 GMT";
  assert.deepEqual(await ask("n.conf", { "if-modified-since": changed }), [304, changed]);
  assert.deepEqual(await ask("n.conf"), [200, changed], "of a hit");
  assert.deepEqual(await ask("n.conf", { "if-modified-since": changed }), [304, changed]);
  const before = "Fri, 20 Nov 2026 14:12:43 GMT";
  assert.deepEqual(await ask("n.conf", { "if-modified-since": before }), [200, changed]);
  const other = { "if-modified-since": changed, "if-none-match": '"other"' };
  assert.deepEqual(await ask("n.conf", other), [200, changed], "the tag counts first");
  assert.deepEqual(await ask("p.conf", { "if-modified-since": changed }), [200, null]);
});
