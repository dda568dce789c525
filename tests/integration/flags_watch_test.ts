/** `kcfg flags-watch` as a process: directory, HTTP, stream, hooks, file, signals. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { startKcfg } from "#tests/support/process.ts";
import { rawHttp } from "#tests/support/raw_http.ts";
import { type TempDir, tempDir } from "#tests/support/temp_dir.ts";

const SCHEMA = JSON.stringify({
  set: "shop",
  flags: {
    limit: { type: "int", default: 1, max: 1000 },
    mode: { type: "string", default: "calm" },
    password: { type: "string", default: "hunter2", secret: true },
    port: { type: "int", default: 80, static: true },
  },
});

async function started(
  dir: TempDir,
  { args = [], hook = [], env = {} }: {
    args?: string[];
    hook?: string[];
    env?: Record<string, string>;
  } = {},
) {
  const schema = await dir.write("schema.json", SCHEMA);
  const volume = await kubeletVolume(dir.path, { limit: "5\n", password: "hunter3" });
  const kcfg = startKcfg([
    "flags-watch",
    ...["--schema", schema, "-config-dir", volume.path, "--config-port=127.0.0.1:0", ...args],
    ...(hook.length === 0 ? [] : ["--", ...hook]),
  ], { env });
  const line = await eventually("it is ready", () => kcfg.logLine("ready"));
  const base = `http://${line["listen"]}`;
  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(base + path, init);
    return { status: response.status, text: await response.text() };
  };
  const value = async (name: string) => JSON.parse((await get("/flags")).text).flags[name];
  return {
    kcfg,
    volume,
    base,
    get,
    value,
    [Symbol.asyncDispose]: () => kcfg[Symbol.asyncDispose](),
  };
}

Deno.test("flags-watch never mixes versions in 2,000 swaps under load", async () => {
  await using dir = await tempDir();
  const names = ["a", "b", "c", "d", "e"];
  const schema = await dir.write(
    "schema.json",
    JSON.stringify({ flags: Object.fromEntries(names.map((name) => [name, { type: "int" }])) }),
  );
  const versionOf = (version: number) =>
    Object.fromEntries(names.map((name) => [name, String(version)]));
  const volume = await kubeletVolume(dir.path, versionOf(0));
  await using kcfg = startKcfg([
    "flags-watch",
    ...["--schema", schema, "--config-dir", volume.path, "--config-port=127.0.0.1:0"],
  ]);
  const line = await eventually("it is ready", () => kcfg.logLine("ready"));
  const read = async (): Promise<number[]> => {
    const { flags } = await (await fetch(`http://${line["listen"]}/flags`)).json();
    return names.map((name) => flags[name]);
  };
  const SWAPS = 2000;
  let swapping = true;
  const seen = new Set<number>();
  const readers = Array.from({ length: 4 }, async () => {
    while (swapping) {
      const values = await read();
      assert.equal(new Set(values).size, 1, `mixed: ${values}`);
      seen.add(values[0] ?? -1);
    }
  });
  for (let version = 1; version <= SWAPS; version++) await volume.swap(versionOf(version));
  await eventually("the last version is served", async () => (await read())[0] === SWAPS);
  swapping = false;
  await Promise.all(readers);
  assert.ok(seen.size > 10, `only ${seen.size} versions were seen`);
});

Deno.test("flags-watch shows a swapped volume, keeps good values, reports bad ones", async () => {
  await using dir = await tempDir();
  await using watching = await started(dir);
  const { volume, value, get, kcfg } = watching;
  assert.equal(await value("limit"), 5);
  await volume.swap({ limit: "7", mode: "busy", port: "81", extra: "?" });
  await eventually("the volume's values are served", async () => await value("limit") === 7);
  assert.equal(await value("mode"), "busy");
  await volume.swap({ limit: "many", mode: "calm" });
  await eventually("the good part is served", async () => await value("mode") === "calm");
  const { value: kept, error } = JSON.parse((await get("/flags/limit")).text);
  assert.deepEqual([kept, error], [7, 'strconv.ParseInt: parsing "many": invalid syntax']);
  const metrics = (await get("/metrics")).text;
  for (
    const line of [
      'kcfg_flags_errors_total{flag="limit"} 1',
      'kcfg_flags_updates_total{result="partial"} 1',
      'kcfg_flags_restart_needed{flag="port"} 1',
      "kcfg_flags_warnings_total 1",
      'kcfg_flags_value{flag="limit"} 7',
      "kcfg_flags_last_update_ok 0",
    ]
  ) assert.ok(metrics.includes(`${line}\n`), `${line}\n${metrics}`);
  assert.deepEqual((await get("/healthz")).text, "ok");
  assert.equal((await get("/readyz")).status, 200);
  assert.equal((await get("/absent")).status, 404);
  assert.equal((await get("/set?name=limit&value=8")).status, 403);
  kcfg.signal("SIGTERM");
  assert.equal(await kcfg.exitCode(), 0);
  assert.ok(!kcfg.stderr().includes("hunter3"));
});

Deno.test("flags-watch sets over HTTP until SIGHUP reads the source again", async () => {
  await using dir = await tempDir();
  const token = await dir.write("token", "letmein\n");
  const args = ["--allow-set", "--set-token-file", token, "--ofrep"];
  await using watching = await started(dir, { args });
  const { get, value, kcfg } = watching;
  assert.equal((await get("/set?name=limit&value=8")).status, 401);
  const headers = { authorization: "Bearer letmein" };
  assert.deepEqual(await get("/set?name=limit&value=8", { headers }), {
    status: 200,
    text: 'Success "limit" -> "8"',
  });
  assert.equal(await value("limit"), 8);
  const evaluated = await get("/ofrep/v1/evaluate/flags/limit", { method: "POST", body: "{}" });
  assert.deepEqual(JSON.parse(evaluated.text).value, 8);
  kcfg.signal("SIGHUP");
  await eventually("the source's value is back", async () => await value("limit") === 5);
  await get("/flags/limit", { method: "PUT", body: "9", headers });
  await get("/flags/limit", { method: "DELETE", headers });
  assert.equal(await value("limit"), 5);
  const line = await eventually("the set is logged", () => kcfg.logLine("flag set over HTTP"));
  assert.equal(line["remote"], "127.0.0.1");
});

Deno.test("flags-watch streams changes and lets go of its clients at the stop", async () => {
  await using dir = await tempDir();
  await using watching = await started(dir);
  const { base, volume, kcfg, get } = watching;
  const response = await fetch(`${base}/events?names=limit`);
  let text = "";
  const reading = (async () => {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
    }
  })();
  await eventually("the snapshot has come", () => text.includes("event: snapshot\n"));
  assert.ok(!text.includes('"mode"'));
  await volume.swap({ limit: "6", mode: "busy" });
  await eventually("the change has come", () => text.includes("event: update\n"));
  assert.match(text, /event: change\ndata: \{[^\n]*"name":"limit"[^\n]*"newString":"6"/);
  assert.match(text, /event: update\nid: \d+-\w+\ndata: /);
  assert.ok(!text.includes('"name":"mode"'));
  const { seq } = JSON.parse((await get("/flags")).text);
  const waiting = get(`/flags?wait=1m&seq=${seq}`);
  // Later than the one that waits, so that one has arrived.
  await get("/status");
  kcfg.signal("SIGTERM");
  await reading;
  assert.equal((await waiting).status, 304);
  assert.equal(await kcfg.exitCode(), 0);
});

Deno.test("flags-watch keeps a file and runs a hook, without secrets", async () => {
  await using dir = await tempDir();
  const out = `${dir.path}/values.env`;
  const seen = `${dir.path}/seen`;
  await using watching = await started(dir, {
    args: ["--out-file", out, "--out-format=env", "--hook-on-start"],
    hook: ["/bin/sh", "-c", `{ env; cat; echo; } >> ${seen}`],
    env: { KCFG_FLAG_PASSWORD: "hunter4" },
  });
  assert.match(await Deno.readTextFile(out), /^LIMIT=5$/m);
  await watching.volume.swap({ limit: "6", password: "hunter5" });
  const text = await eventually("the hook has run for the change", async () => {
    const found = await Deno.readTextFile(seen).catch(() => "");
    return found.includes('"newString":"6"') ? found : undefined;
  });
  assert.match(text, /^KCFG_FLAGS_CHANGED=limit password$/m);
  assert.match(text, /^KCFG_FLAG_LIMIT=6$/m);
  const isWritten = async () => /^LIMIT=6$/m.test(await Deno.readTextFile(out));
  await eventually("the file has the new value", isWritten);
  for (const shown of [text, await Deno.readTextFile(out), watching.kcfg.stderr()]) {
    assert.ok(!/hunter\d/.test(shown), shown);
  }
});

Deno.test("flags-watch writes JSON lines, and ends with 1 for a bad start", async () => {
  await using dir = await tempDir();
  const schema = await dir.write("schema.json", SCHEMA);
  const volume = await kubeletVolume(dir.path, { limit: "5" });
  const args = ["flags-watch", "--schema", schema, "--config-dir", volume.path];
  await using kcfg = startKcfg(args);
  const events = () => kcfg.stdout().split("\n").slice(0, -1).map((line) => JSON.parse(line));
  await eventually("it is ready", () => kcfg.logLine("ready"));
  await volume.swap({ limit: "6", unknown: "" });
  await eventually("all has been told", () => events().some(({ event }) => event === "update"));
  assert.deepEqual(events().map(({ event }) => event), ["snapshot", "unknown", "change", "update"]);
  kcfg.signal("SIGINT");
  assert.equal(await kcfg.exitCode(), 0);
  await volume.swap({ limit: "bad", mode: "busy" });
  await using failed = startKcfg(args);
  assert.equal(await failed.exitCode(), 1);
  assert.match(failed.stderr(), /flag limit: strconv.ParseInt/);
  await volume.swap({ limit: "bad", mode: "busy", stray: "" });
  await using tolerant = startKcfg([...args, "--init-errors=warn"]);
  await eventually("it is ready", () => tolerant.logLine("ready"));
  assert.match(tolerant.stdout(), /"event":"unknown","name":"stray"/);
});

Deno.test("flags-watch ends when nobody reads its lines and it has nothing else to do", async () => {
  await using dir = await tempDir();
  const schema = await dir.write("schema.json", SCHEMA);
  const volume = await kubeletVolume(dir.path, { limit: "5" });
  const args = ["flags-watch", "--schema", schema, "--config-dir", volume.path, "--output=text"];
  await using lines = startKcfg(args);
  await using file = startKcfg([...args, "--out-file", `${dir.path}/values.json`]);
  for (const kcfg of [lines, file]) {
    await eventually("it is ready", () => kcfg.logLine("ready"));
    await eventually("it has written", () => kcfg.stdout() !== "");
    await kcfg.leaveStdout();
  }
  await volume.swap({ limit: "6" });
  assert.equal(await lines.exitCode(), 0);
  await eventually(
    "the other one goes on",
    async () => JSON.parse(await Deno.readTextFile(`${dir.path}/values.json`)).limit === 6,
  );
  file.signal("SIGTERM");
  assert.equal(await file.exitCode(), 0);
});

Deno.test("flags-watch answers 400 to a request whose Host is none, and logs nothing of it", async () => {
  await using dir = await tempDir();
  await using flags = await started(dir, { args: ["--allow-set", "--ofrep"] });
  const { hostname, port } = new URL(flags.base);
  for (const host of ["[", "a b", "h:99999"]) {
    for (const path of ["/", "/flags/limit", "/events", "/set?name=limit&value=1", "/healthz"]) {
      const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
      const answer = await rawHttp({ hostname, port: Number(port) }, request);
      assert.match(answer, /^HTTP\/1\.1 400 /, `${host} ${path}`);
    }
  }
  assert.equal(flags.kcfg.logLine("request failed"), undefined);
  assert.equal(await flags.value("limit"), 5);
});

Deno.test("flags-watch takes a browser without a script back to the page it has set a flag on", async () => {
  await using dir = await tempDir();
  await using flags = await started(dir, { args: ["--allow-set", "--list-path=/list"] });
  const send = async (value: string, accept: string) => {
    const body = new URLSearchParams({ name: "limit", value });
    const response = await fetch(`${flags.base}/set`, {
      method: "POST",
      body,
      headers: { accept },
    });
    return [response.status, await response.text(), response.headers.get("refresh")];
  };
  const said = 'Success "limit" -> "7"';
  assert.deepEqual(await send("7", "text/html,*/*"), [200, said, "1; url=/list"]);
  assert.deepEqual(await send("7", "*/*"), [200, said, null]);
  assert.deepEqual((await send("x", "text/html")).at(-1), null);
});

Deno.test("flags-watch --once writes its file where all values are good, and only there", async () => {
  await using dir = await tempDir();
  const schema = await dir.write("schema.json", SCHEMA);
  const volume = await kubeletVolume(dir.path, { limit: "5" });
  const out = `${dir.path}/values.env`;
  const run = async (path: string) => {
    await using kcfg = startKcfg([
      ...["flags-watch", "--schema", schema, "--config-dir", volume.path, "--once"],
      ...[`--out-file=${path}`, "--out-format=env"],
    ]);
    return [await kcfg.exitCode(), kcfg.stderr()] as const;
  };
  assert.equal((await run(out))[0], 0);
  assert.match(await Deno.readTextFile(out), /^LIMIT=5$/m);
  const [code, stderr] = await run(`${dir.path}/none/values`);
  assert.equal(code, 1);
  assert.match(stderr, /Cannot write values to ".*none\/values"/);
  await volume.swap({ limit: "many" });
  assert.equal((await run(out))[0], 1);
  assert.match(await Deno.readTextFile(out), /^LIMIT=5$/m);
});
