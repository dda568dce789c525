/** Real programs beside `kcfg reload`: Prometheus told and asked by HTTP, nginx by a signal found in `/proc`. */

import assert from "node:assert/strict";
import { debianProgram } from "#tests/support/debian.ts";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { startReload, untilReady } from "#tests/support/reload.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const prometheus = await debianProgram("prometheus");
const nginx = await debianProgram("nginx");

/** A program beside us, whose words are kept and which is gone when the test ends. */
function startProgram(path: string, args: readonly string[]) {
  const child = new Deno.Command(path, {
    args: [...args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let stderr = "";
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) stderr += text;
  })();
  return {
    stderr: () => stderr,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
      await reading;
    },
  };
}

/** A port that was free a moment ago. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function scraping(interval: string): Record<string, string> {
  return { "prometheus.yml": `global:\n  scrape_interval: ${interval}\n` };
}

Deno.test({
  name: `reload: Prometheus takes a new configuration and says so${
    "unavailable" in prometheus ? ` (ignored: ${prometheus.unavailable})` : ""
  }`,
  ignore: "unavailable" in prometheus,
  async fn() {
    assert.ok(!("unavailable" in prometheus));
    await using dir = await tempDir();
    const volume = await kubeletVolume(dir.path, scraping("15s"));
    const base = `http://127.0.0.1:${freePort()}`;
    const root = `${dir.path}/config`;
    // kcfg first: it goes on until the application is there.
    await using kcfg = await startReload([
      ...[`--configroot=${root}`, `--volume-dir=${volume.path}`],
      ...[`--reload-http=${base}/-/reload`, "--reload-retry-interval=100ms"],
      ...["--reload-retry-max-elapsed=100ms", "--reload-min-interval=0", "--verify-interval=100ms"],
      ...[`--verify-url=${base}/api/v1/status/runtimeinfo`, "--verify-mode=prometheus"],
      ...["--verify-timeout=3s", "--rollback"],
    ]);
    await untilReady(kcfg);
    await using program = startProgram(prometheus.path, [
      ...[`--config.file=${root}/prometheus.yml`, `--storage.tsdb.path=${dir.path}/tsdb`],
      ...[`--web.listen-address=${new URL(base).host}`, "--web.enable-lifecycle"],
    ]);
    const interval = async () => {
      const text = await (await fetch(`${base}/api/v1/status/config`)).text();
      return /scrape_interval: (\d+s)/.exec(text)?.[1];
    };
    await eventually(`the first is told: ${program.stderr()}`, async () => {
      const { hash, lastReloadHash } = await kcfg.status();
      return hash === lastReloadHash;
    }, { withinMs: 4900 });
    assert.equal(await interval(), "15s");
    await volume.swap(scraping("20s"));
    await eventually("the second counts", async () => await interval() === "20s");
    await eventually("and is confirmed", async () => (await kcfg.status()).state === "synced");
    await volume.swap(scraping("many"));
    await eventually("a wrong one is rolled back", async () => {
      return (await kcfg.status()).state === "rolled-back";
    }, { withinMs: 4900 });
    assert.match(await Deno.readTextFile(`${root}/prometheus.yml`), /20s/);
    assert.equal(await interval(), "20s");
  },
});

function serving(port: number, pid: string, text: string): Record<string, string> {
  return {
    "nginx.conf": [
      `pid ${pid};`,
      "error_log stderr;",
      "events {}",
      "http {",
      "  access_log off;",
      `  server { listen 127.0.0.1:${port}; location / { return 200 "${text}"; } }`,
      "}",
      "",
    ].join("\n"),
  };
}

Deno.test({
  name: `reload: nginx in a shared PID namespace gets the signal, its workers do not${
    "unavailable" in nginx ? ` (ignored: ${nginx.unavailable})` : ""
  }`,
  ignore: "unavailable" in nginx,
  async fn() {
    assert.ok(!("unavailable" in nginx));
    await using dir = await tempDir();
    const port = freePort();
    const pid = `${dir.path}/nginx.pid`;
    const volume = await kubeletVolume(dir.path, serving(port, pid, "one"));
    const root = `${dir.path}/config`;
    await using kcfg = await startReload([
      ...[`--configroot=${root}`, `--volume-dir=${volume.path}`, "--signal-match=cmdline"],
      ...[`--signal-process=${dir.path}/config/nginx.conf -g`, "--reload-on-start=never"],
      `--validate-command=${nginx.path} -t -c {dir}/nginx.conf`,
      "--reload-min-interval=0",
    ]);
    await untilReady(kcfg);
    await using _program = startProgram(nginx.path, [
      ...["-c", `${root}/nginx.conf`, "-g", "daemon off; master_process on;"],
    ]);
    const page = async () => await (await fetch(`http://127.0.0.1:${port}/`)).text();
    await eventually("nginx serves", async () => await page().catch(() => "") === "one");
    await volume.swap(serving(port, pid, "two"));
    await eventually("the change is served", async () => await page() === "two");
    await volume.swap({ "nginx.conf": "nonsense" });
    await eventually("nonsense is refused", async () => (await kcfg.status()).state === "refused");
    assert.equal(await page(), "two");
    await volume.swap(serving(port, pid, "three"));
    await eventually("the next one is served", async () => await page() === "three");
  },
});
