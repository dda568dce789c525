/** `kcfg serve-config` as a process: started from its command line, stopped by signals, under load. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { startKcfg } from "#tests/support/process.ts";
import { rawHttp } from "#tests/support/raw_http.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

function serve(
  directory: string,
  { env = {}, args = [] }: { env?: Record<string, string>; args?: string[] } = {},
) {
  return startKcfg([
    "serve-config",
    "-backend",
    `dir:${directory}`,
    "-listen-addr=127.0.0.1:0",
    "-health-addr=127.0.0.1:0",
    "-metrics-addr=127.0.0.1:0",
    "-groupcache-port=:0",
    "-log-format=json",
    ...args,
  ], { env: { REFRESH: "false", ...env } });
}

/** Addresses from the line that says the server is ready. */
async function addressesOf(kcfg: Awaited<ReturnType<typeof serve>>) {
  const line = await eventually("kcfg is ready", () => kcfg.logLine("ready"));
  const parse = (text: unknown) => {
    const [hostname = "", port = ""] = String(text).split(":");
    return { hostname, port: Number(port) };
  };
  return { application: parse(line["listen"]), health: parse(line["health"]) };
}

Deno.test("serve-config shows a changed file after its time to live", async () => {
  await using dir = await tempDir();
  await dir.write("a.yml", "old");
  await using kcfg = await serve(dir.path, { env: { TTL: "1s" } });
  const { application } = await addressesOf(kcfg);
  const read = async () => await (await fetch(`http://127.0.0.1:${application.port}/a.yml`)).text();
  assert.equal(await read(), "old");
  await dir.write("a.yml", "new");
  await eventually("the new content is served", async () => await read() === "new");
});

Deno.test("serve-config finishes a slow answer on SIGTERM and exits 0", async () => {
  await using dir = await tempDir();
  // More than the kernel buffers, so that the answer is under way until the client reads it.
  await dir.write("big", new Uint8Array(8_000_000).fill(97));
  await using kcfg = await serve(dir.path);
  const { application } = await addressesOf(kcfg);
  using connection = await Deno.connect(application);
  await connection.write(
    new TextEncoder().encode("GET /big HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
  );
  const buffer = new Uint8Array(1_000_000);
  let received = await connection.read(buffer) ?? 0;
  kcfg.signal("SIGTERM");
  await eventually("it is stopping", () => kcfg.logLine("stopping"));
  await eventually(
    "new connections are refused",
    () => Deno.connect(application).then((late) => late.close() ?? false, () => true),
  );
  for (
    let count = await connection.read(buffer);
    count !== null;
    count = await connection.read(buffer)
  ) {
    received += count;
  }
  assert.ok(received > 8_000_000, `received ${received}`);
  assert.equal(await kcfg.exitCode(), 0);
  assert.ok(kcfg.logLine("stopped"));
});

Deno.test("serve-config does not wait for a client that never reads beyond the shutdown timeout", async () => {
  await using dir = await tempDir();
  await dir.write("big", new Uint8Array(8_000_000));
  await using kcfg = await serve(dir.path, { args: ["--shutdown-timeout=100ms"] });
  const { application } = await addressesOf(kcfg);
  using connection = await Deno.connect(application);
  await connection.write(new TextEncoder().encode("GET /big HTTP/1.1\r\nHost: h\r\n\r\n"));
  await connection.read(new Uint8Array(1));
  kcfg.signal("SIGINT");
  assert.equal(await kcfg.exitCode(), 0);
});

Deno.test("serve-config exits 130 on a second signal", async () => {
  await using dir = await tempDir();
  await using kcfg = await serve(dir.path, { args: ["--shutdown-delay=1h"] });
  await addressesOf(kcfg);
  kcfg.signal("SIGTERM");
  await eventually("it is stopping", () => kcfg.logLine("stopping"));
  kcfg.signal("SIGTERM");
  assert.equal(await kcfg.exitCode(), 130);
});

Deno.test("serve-config drops what it keeps on SIGHUP", async () => {
  await using dir = await tempDir();
  await dir.write("a.yml", "1");
  await using kcfg = await serve(dir.path);
  const { application } = await addressesOf(kcfg);
  await (await fetch(`http://127.0.0.1:${application.port}/a.yml`)).text();
  kcfg.signal("SIGHUP");
  const line = await eventually("it says so", () => kcfg.logLine("refreshed by signal"));
  assert.equal(line["dropped"], 1);
});

Deno.test("serve-config logs options and requests, and no password", async () => {
  await using dir = await tempDir();
  const env = { AMQP_URL: "amqp://user:hunter2@rabbitmq", REFRESH: "false" };
  await using kcfg = await serve(dir.path, { env });
  const { application } = await addressesOf(kcfg);
  await (await fetch(`http://127.0.0.1:${application.port}/absent?token=hunter2`)).text();
  const line = await eventually("the request is logged", () => kcfg.logLine("request"));
  assert.deepEqual(
    [line["method"], line["path"], line["status"], line["outcome"]],
    ["GET", "/absent", 404, "error"],
  );
  assert.equal(kcfg.logLine("starting")?.["amqp-url"], "amqp://user:***@rabbitmq");
  assert.ok(!kcfg.stderr().includes("hunter2"));
});

Deno.test("serve-config answers malformed requests with 4xx and goes on", async () => {
  await using dir = await tempDir();
  await dir.write("a.yml", "1");
  await using kcfg = await serve(dir.path);
  const { application } = await addressesOf(kcfg);
  const requests = [
    "GET /../../etc/hostname HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET /%2e%2e/%2e%2e/etc/hostname HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET /\u00ff HTTP/1.1\r\nHost: h\r\n\r\n",
    "GARBAGE\r\n\r\n",
    "GET / HTTP/9.9\r\n\r\n",
    `GET /${"a".repeat(5000)} HTTP/1.1\r\nHost: h\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: h\r\nX: ${"a".repeat(20_000)}\r\n\r\n`,
    "POST /a.yml HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
    "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
    "CONNECT a:1 HTTP/1.1\r\nHost: h\r\n\r\n",
  ];
  for (const request of requests) {
    assert.match(await rawHttp(application, request), /^HTTP\/1\.1 4\d\d /, request.slice(0, 40));
  }
  assert.equal(await (await fetch(`http://127.0.0.1:${application.port}/a.yml`)).text(), "1");
});

Deno.test("serve-config answers 10,000 made-up requests with anything but a server error", async () => {
  await using dir = await tempDir();
  await using kcfg = await serve(dir.path, { args: ["--log-level=info"] });
  const { application } = await addressesOf(kcfg);
  const piece = fc.oneof(
    fc.constantFrom(
      "/",
      "..",
      "%2e",
      "%",
      "%ff",
      " ",
      "\t",
      "?",
      "#",
      "\\",
      "http://",
      "*",
      "\u0000",
    ),
    fc.string({ maxLength: 8 }),
  );
  const request = fc.record({
    method: fc.constantFrom("GET", "HEAD", "POST", "get", "", "G\u0000T"),
    target: fc.array(piece, { maxLength: 6 }).map((parts) => parts.join("")),
    version: fc.constantFrom("HTTP/1.1", "HTTP/1.0", "HTTP/3", ""),
    header: fc.oneof(fc.constant("Host: h"), piece, fc.constant("Host: a/../b"), fc.constant("X:")),
  });
  const texts = fc.sample(request, 10_000).map(({ method, target, version, header }) =>
    `${method} ${target} ${version}\r\n${header}\r\nConnection: close\r\n\r\n`
  );
  // Eight at a time: enough to be quick, few enough for the port range.
  let answered = 0;
  const send = async (first: number) => {
    for (let index = first; index < texts.length; index += 8) {
      const text = texts[index] ?? "";
      const answer = await rawHttp(application, text);
      assert.match(answer, /^HTTP\/1\.[01] [24]\d\d |^$/, JSON.stringify({ text, answer }));
      if (answer !== "") answered += 1;
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, first) => send(first)));
  assert.ok(answered > 9000, `${answered} answers`);
  assert.ok(!kcfg.stderr().includes(" at "), "a stack trace was written");
});

for (const cache of ["true", "false"]) {
  Deno.test(`serve-config gives no torn, missing or mixed answer while a volume is swapped (CACHE=${cache})`, async () => {
    await using dir = await tempDir();
    const content = (version: number) => `${version} `.repeat(2000);
    const volume = await kubeletVolume(dir.path, { "a.yml": content(0) });
    await using kcfg = await serve(volume.path, { env: { CACHE: cache } });
    const { port } = (await addressesOf(kcfg)).application;
    let swapping = true;
    let answers = 0;
    const reader = async () => {
      for (let last = 0; swapping;) {
        const response = await fetch(`http://127.0.0.1:${port}/a.yml`);
        const text = await response.text();
        assert.equal(response.status, 200, text);
        const version = Number(text.split(" ", 1)[0]);
        assert.equal(text, content(version));
        assert.ok(version >= last, `version ${version} after ${last}`);
        last = version;
        answers += 1;
      }
    };
    const reading = Promise.all(Array.from({ length: 50 }, reader));
    // What a reader finds fails this test, below; nobody listening, it would end the whole file.
    reading.catch(() => "told below");
    for (let version = 1; version <= 200; version++) {
      const before = answers;
      await volume.swap({ "a.yml": content(version) });
      await eventually("somebody reads on", () => answers > before);
    }
    await eventually("the last version is served", async () => {
      const text = await (await fetch(`http://127.0.0.1:${port}/a.yml`)).text();
      return text === content(200);
    });
    swapping = false;
    await reading;
    assert.ok(answers >= 200, `${answers} answers`);
  });
}

Deno.test("serve-config stands in front of an HTTP server, one request for all who ask", async () => {
  let asked = 0;
  const release = Promise.withResolvers<void>();
  const backend = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async () => {
    asked += 1;
    await release.promise;
    return new Response("k: v");
  });
  await using kcfg = startKcfg([
    "serve-config",
    `--backend=http://127.0.0.1:${backend.addr.port}/files`,
    "--listen-addr=127.0.0.1:0",
    "--health-addr=127.0.0.1:0",
    "--metrics-addr=127.0.0.1:0",
    "--groupcache-port=:0",
    "--refresh=false",
    "--log-format=json",
  ]);
  const { application } = await addressesOf(kcfg);
  const asking = Array.from(
    { length: 100 },
    async () => await (await fetch(`http://127.0.0.1:${application.port}/a.yml`)).text(),
  );
  await eventually("the backend is asked", () => asked > 0);
  release.resolve();
  assert.deepEqual(new Set(await Promise.all(asking)), new Set(["k: v"]));
  assert.equal(asked, 1);
  await backend.shutdown();
});
