/** `--sandbox=strict` as a process: the command does its whole work with exact permissions, and nothing more. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { startKcfg } from "#tests/support/process.ts";
import type { KcfgProcess } from "#tests/support/process.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

function serve(directory: string, ...args: string[]): KcfgProcess {
  return serveBackend(`dir:${directory}`, ...args);
}

function serveBackend(backend: string, ...args: string[]): KcfgProcess {
  return startKcfg([
    "serve-config",
    "--sandbox=strict",
    `--backend=${backend}`,
    "--listen-addr=127.0.0.1:0",
    "--health-addr=127.0.0.1:0",
    "--metrics-addr=127.0.0.1:0",
    "--groupcache-port=:0",
    "--log-format=json",
    ...args,
  ], { env: { REFRESH: "false" } });
}

/** Address of the application listener, once it is there. */
async function baseOf(kcfg: KcfgProcess): Promise<string> {
  const line = await eventually("kcfg is ready", () => kcfg.logLine("ready"));
  return `http://${line["listen"]}`;
}

async function get(url: string): Promise<string> {
  const response = await fetch(url);
  return `${response.status} ${await response.text()}`;
}

/** What the process answers to a probe of its permissions. */
async function probe(target: string, directory: string): Promise<unknown> {
  const args = ["serve-config", "--sandbox=strict", `--backend=dir:${directory}`];
  await using kcfg = startKcfg(args, { env: { KCFG_TEST_SANDBOX_PROBE: target } });
  await kcfg.exitCode();
  return JSON.parse(kcfg.stdout()).result;
}

Deno.test("strict serve-config serves, notices a change, and drains on SIGTERM", async () => {
  await using dir = await tempDir();
  await dir.write("team/a.yml", "old");
  await using kcfg = serve(dir.path);
  const base = await baseOf(kcfg);
  assert.equal(await get(`${base}/team/a.yml`), "200 old");
  await dir.write("team/a.yml", "new");
  await eventually("the event is seen", async () => await get(`${base}/team/a.yml`) === "200 new");
  kcfg.signal("SIGTERM");
  assert.equal(await kcfg.exitCode(), 0);
  assert.ok(kcfg.logLine("stopped"));
});

Deno.test("strict serve-config follows a mounted volume through its swaps", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { "a.yml": "0" });
  await using kcfg = serve(volume.path);
  const base = await baseOf(kcfg);
  for (const content of ["1", "2", "3"]) {
    assert.match(await get(`${base}/a.yml`), /^200 /);
    await volume.swap({ "a.yml": content });
    await eventually(
      "the swap is seen",
      async () => await get(`${base}/a.yml`) === `200 ${content}`,
    );
  }
});

Deno.test("strict serve-config takes relative paths and paths through links", async (t) => {
  await using dir = await tempDir();
  await dir.write("real/a.yml", "1");
  await Deno.symlink("real", `${dir.path}/link`);
  const up = Deno.cwd().split("/").slice(1).map(() => "..").join("/");
  for (const path of [`${up}${dir.path}/real`, `${dir.path}/link`]) {
    await t.step(path === `${dir.path}/link` ? "link" : "relative", async () => {
      await using kcfg = serve(path);
      const base = await baseOf(kcfg);
      assert.equal(await get(`${base}/a.yml`), "200 1");
      assert.ok(!kcfg.stderr().includes("file events are not available"));
    });
  }
});

Deno.test("strict serve-config does not follow a root that is pointed elsewhere, and says so", async () => {
  await using dir = await tempDir();
  await dir.write("one/a.yml", "1");
  await dir.write("two/a.yml", "2");
  await Deno.symlink("one", `${dir.path}/link`);
  await using kcfg = serve(`${dir.path}/link`, "--cache=false");
  const base = await baseOf(kcfg);
  assert.equal(await get(`${base}/a.yml`), "200 1");
  await Deno.symlink("two", `${dir.path}/new`);
  await Deno.rename(`${dir.path}/new`, `${dir.path}/link`);
  assert.match(await get(`${base}/a.yml`), /^5\d\d /);
  const line = await eventually("the reason is logged", () => kcfg.logLine("load failed"));
  assert.match(String(line["err"]), /Requires read access/);
});

Deno.test("strict serve-config keeps to its folder where the runtime would not", async () => {
  await using dir = await tempDir();
  await dir.write("secret", "outside");
  await dir.write("root/a.yml", "1");
  await Deno.symlink("../secret", `${dir.path}/root/leak`);
  // The runtime judges names, not what links lead to: containment stays the work of serve-config.
  assert.equal(await probe(`read:${dir.path}/root/leak`, `${dir.path}/root`), "allowed");
  assert.equal(await probe(`read:${dir.path}/secret`, `${dir.path}/root`), "denied");
  await using kcfg = serve(`${dir.path}/root`);
  assert.match(await get(`${await baseOf(kcfg)}/leak`), /^404 /);
});

Deno.test("strict serve-config listens on all interfaces at a fixed port", async () => {
  await using dir = await tempDir();
  await dir.write("a.yml", "1");
  const { hostname, port } = freeWildcard();
  await using kcfg = serve(dir.path, `--listen-addr=:${port}`);
  const line = await eventually("kcfg is ready", () => kcfg.logLine("ready"));
  assert.equal(line["listen"], hostname === "::" ? `[::]:${port}` : `0.0.0.0:${port}`);
  assert.equal(await get(`http://127.0.0.1:${port}/a.yml`), "200 1");
});

/** A port that is free on all interfaces, and what they are called here: IPv6 may be missing. */
function freeWildcard(): Deno.NetAddr {
  try {
    using listener = Deno.listen({ hostname: "::", port: 0 });
    return listener.addr;
  } catch {
    // No IPv6 here.
    using listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
    return listener.addr;
  }
}

Deno.test("strict serve-config hears SIGHUP, SIGINT, and exits 130 on a second signal", async () => {
  await using dir = await tempDir();
  await dir.write("a.yml", "1");
  await using kcfg = serve(dir.path, "--shutdown-delay=1h");
  await get(`${await baseOf(kcfg)}/a.yml`);
  kcfg.signal("SIGHUP");
  const line = await eventually("it says so", () => kcfg.logLine("refreshed by signal"));
  assert.equal(line["dropped"], 1);
  kcfg.signal("SIGINT");
  await eventually("it is stopping", () => kcfg.logLine("stopping"));
  kcfg.signal("SIGTERM");
  assert.equal(await kcfg.exitCode(), 130);
});

Deno.test("strict serve-config reaches its HTTP backend and follows no redirect to another", async () => {
  const asked: string[] = [];
  const startBackend = (answer: (path: string) => Response) =>
    Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
      asked.push(new URL(url).host);
      return answer(new URL(url).pathname);
    });
  const other = startBackend(() => new Response("other"));
  const elsewhere = `127.0.0.1:${other.addr.port}`;
  const backend = startBackend((path) =>
    path === "/away"
      ? new Response(null, { status: 302, headers: { location: `http://${elsewhere}/` } })
      : new Response("backend")
  );
  try {
    await using kcfg = serveBackend(`http://127.0.0.1:${backend.addr.port}`);
    const base = await baseOf(kcfg);
    assert.equal(await get(`${base}/a.yml`), "200 backend");
    assert.match(await get(`${base}/away`), /^5\d\d /);
    const line = await eventually("the reason is logged", () => kcfg.logLine("load failed"));
    assert.match(String(line["err"]), /Requires net access/);
    assert.ok(!asked.includes(elsewhere), "the other host was asked");
  } finally {
    await Promise.all([backend.shutdown(), other.shutdown()]);
  }
});

Deno.test("strict doctor examines a server with that server and its files alone", async () => {
  await using dir = await tempDir();
  await using server = await startKubeServer({ users: { secret: { name: "jane", groups: [] } } });
  const token = await dir.write("token", "secret\n");
  const config = JSON.parse(server.kubeconfig({ token: "secret" }));
  config.users[0].user = { tokenFile: token };
  const kubeconfig = await dir.write("config", JSON.stringify(config));
  const run = async (...args: string[]) => {
    const env = { KUBECONFIG: `${dir.path}/absent:${kubeconfig}` };
    await using kcfg = startKcfg(["doctor", "--sandbox=strict", ...args], { env });
    return { exitCode: await kcfg.exitCode(), stdout: kcfg.stdout() };
  };
  const sandbox = JSON.parse((await run("--show-sandbox")).stdout);
  assert.deepEqual(sandbox.net.values, [`127.0.0.1:${server.port}`]);
  assert.deepEqual(sandbox.read.values, [`${dir.path}/absent`, kubeconfig, token]);
  assert.deepEqual(sandbox.run, { state: "denied", values: [] });
  const { exitCode, stdout } = await run("--check-access", "doctor", "-o", "json");
  assert.equal(exitCode, 0, stdout);
  assert.ok(!stdout.includes("secret"));
  const { findings } = JSON.parse(stdout);
  assert.equal(
    findings.find(({ check }: { check: string }) => check === "identity").detail,
    "jane",
  );
});
