/** `kcfg reload` as a process, on mounted volumes: the guarantees seen from outside. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { startKcfg } from "#tests/support/process.ts";
import { startReloadTarget } from "#tests/support/reload_target.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

/** An application that tells what it reads, and says when it is told to read again. */
const APPLICATION = `#!/bin/sh
trap 'echo "reload $(cat "$KCFG_CONFIG_ROOT/a")"' HUP
trap 'echo stop; exit "\${STOP_STATUS:-0}"' TERM
trap 'echo usr1' USR1
echo "start $(cat "$KCFG_CONFIG_ROOT/a")"
while :; do sleep 0.02; done
`;

async function fixture(files: Record<string, string> = { a: "1" }) {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  const volume = await kubeletVolume(dir.path, files);
  const root = `${dir.path}/config`;
  const application = await dir.write("application.sh", APPLICATION);
  await Deno.chmod(application, 0o755);
  const owned = stack.move();
  return {
    dir,
    volume,
    root,
    application,
    start: (...args: string[]) =>
      startKcfg([
        "reload",
        ...[`--volume-dir=${volume.path}`, `--configroot=${root}`, "--log-format=json", ...args],
      ]),
    read: (name: string) => Deno.readTextFile(`${root}/${name}`),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

Deno.test("an application starts after its files and hears of each change", async () => {
  await using it = await fixture();
  await using kcfg = it.start("--", it.application);
  await eventually("it starts", () => kcfg.stdout().includes("start 1\n"));
  await it.volume.swap({ a: "2", b: "new" });
  await eventually("it reloads", () => kcfg.stdout().includes("reload 2\n"));
  assert.equal(await it.read("b"), "new");
  kcfg.signal("SIGUSR1");
  await eventually("other signals reach it", () => kcfg.stdout().includes("usr1\n"));
  kcfg.signal("SIGTERM");
  assert.equal(await kcfg.exitCode(), 0);
  assert.equal(kcfg.stdout(), "start 1\nreload 2\nusr1\nstop\n");
});

Deno.test("the exit status is the application's", async (t) => {
  const cases: [name: string, argv: string[], code: number][] = [
    ["its own", ["sh", "-c", "exit 7"], 7],
    ["128 and the signal", ["sh", "-c", "kill -KILL $$"], 137],
    ["not found", ["/no/such/program"], 127],
    ["not executable", ["/etc/passwd"], 126],
  ];
  await using it = await fixture();
  for (const [name, argv, code] of cases) {
    await t.step(name, async () => {
      await using kcfg = it.start("--", ...argv);
      assert.equal(await kcfg.exitCode(), code, kcfg.stderr());
    });
  }
  await t.step("after a stop that it answers with a status of its own", async () => {
    await using kcfg = startKcfg(
      ["reload", `--volume-dir=${it.volume.path}`, `--configroot=${it.root}`, "--", it.application],
      { env: { STOP_STATUS: "3" } },
    );
    await eventually("it starts", () => kcfg.stdout().includes("start"));
    kcfg.signal("SIGTERM");
    assert.equal(await kcfg.exitCode(), 3);
  });
});

Deno.test("an application that does not stop is killed with its group", async () => {
  await using it = await fixture();
  const stubborn = await it.dir.write(
    "stubborn.sh",
    "#!/bin/sh\ntrap '' TERM\nsleep 1000 & echo child $!\nwhile :; do sleep 0.05; done\n",
  );
  await Deno.chmod(stubborn, 0o755);
  await using kcfg = it.start("--kill-timeout=200ms", "--", stubborn);
  const pid = await eventually("it starts", () => /child (\d+)/.exec(kcfg.stdout())?.[1]);
  kcfg.signal("SIGTERM");
  assert.equal(await kcfg.exitCode(), 137);
  await assert.rejects(Deno.stat(`/proc/${pid}/exe`), Deno.errors.NotFound);
});

Deno.test("a target is told at the start and of changed contents alone", async () => {
  await using it = await fixture();
  await using target = startReloadTarget();
  await using kcfg = it.start(`--reload-http=${target.url}`);
  await eventually("the start is told", () => target.requests.length === 1);
  await it.volume.swap({ a: "1" });
  await it.volume.swap({ a: "2" });
  await eventually("the change is told", () => target.requests.length === 2);
  assert.ok(target.requests.every(({ method, hash }) => method === "POST" && hash.length === 64));
  assert.equal(await it.read("a"), "2");
  kcfg.signal("SIGTERM");
  assert.equal(await kcfg.exitCode(), 0);
  assert.equal(target.requests.length, 2);
});

Deno.test("a failing target is told until it has heard, and health says so meanwhile", async () => {
  await using it = await fixture();
  await using target = startReloadTarget();
  target.status = 500;
  await using kcfg = it.start(
    ...[`--reload-http=${target.url}`, "--listen=127.0.0.1:0", "--reload-retry-max-elapsed=1ms"],
    "--reload-retry-interval=20ms",
  );
  const line = await eventually("it listens", () => kcfg.logLine("listening"));
  const get = async (path: string) => {
    const response = await fetch(`http://${line["listen"]}${path}`);
    return { status: response.status, body: await response.text() };
  };
  await eventually("it is unwell", async () => (await get("/healthz")).status === 503);
  assert.deepEqual(JSON.parse((await get("/healthz")).body).reasons, ["reload_failed"]);
  assert.equal((await get("/readyz")).status, 200);
  assert.match((await get("/metrics")).body, /^kcfg_reload_pending 1$/m);
  target.status = 200;
  await eventually("it is well", async () => (await get("/healthz")).status === 200);
  const status = JSON.parse((await get("/status")).body);
  assert.equal(status.state, "synced");
  assert.equal(status.lastReloadHash, status.hash);
});

Deno.test("a version that is refused never becomes visible, the next good one does", async () => {
  await using it = await fixture();
  await using target = startReloadTarget();
  await using kcfg = it.start(
    ...[`--reload-http=${target.url}`, `--validate-command=grep -q ^[0-9] {dir}/a`],
  );
  await eventually("the start is told", () => target.requests.length === 1);
  await it.volume.swap({ a: "bad" });
  await eventually("it is refused", () => kcfg.logLine("version refused, the old one stays"));
  assert.equal(await it.read("a"), "1");
  await it.volume.swap({ a: "2" });
  await eventually("the good one is told", () => target.requests.length === 2);
  assert.equal(await it.read("a"), "2");
});

Deno.test("a reload that fails for good goes back to the version before", async () => {
  await using it = await fixture();
  const command = await it.dir.write(
    "reload.sh",
    '#!/bin/sh\n! grep -q bad "$KCFG_CONFIG_ROOT/a"\n',
  );
  await Deno.chmod(command, 0o755);
  await using kcfg = it.start(
    ...[`--reload-command=${command}`, "--rollback", "--reload-retry-max-elapsed=1ms"],
  );
  await eventually("the start is told", () => kcfg.logLine("application reloaded"));
  await it.volume.swap({ a: "bad" });
  await eventually("it goes back", () => kcfg.logLine("rolled back to the version before"));
  assert.equal(await it.read("a"), "1");
  await it.volume.swap({ a: "2" });
  await eventually("the next one is taken", async () => await it.read("a") === "2");
});

Deno.test("a burst of 100 changes ends in the last content with few reloads", async () => {
  await using it = await fixture();
  await using target = startReloadTarget();
  await using kcfg = it.start(`--reload-http=${target.url}`, "--reload-min-interval=0");
  await eventually("the start is told", () => target.requests.length === 1);
  for (let version = 2; version <= 101; version++) await it.volume.swap({ a: String(version) });
  await eventually("the last is there", async () => await it.read("a") === "101");
  const { hash } = await eventually("the last is told", () => {
    const line = kcfg.stderr().trim().split("\n").map((text) => JSON.parse(text)).findLast((one) =>
      one.message === "application reloaded"
    );
    const last = target.requests.at(-1);
    return line !== undefined && last?.hash.startsWith(String(line.hash)) ? last : undefined;
  });
  assert.ok(hash.length === 64);
  assert.ok(target.requests.length <= 15, `${target.requests.length} reloads`);
});

Deno.test("--once writes and ends, and runs an application unwatched", async () => {
  await using it = await fixture();
  await using init = it.start("--once");
  assert.equal(await init.exitCode(), 0, init.stderr());
  assert.equal(await it.read("a"), "1");
  await using run = it.start("--once", "--", "cat", `${it.root}/a`);
  assert.equal(await run.exitCode(), 0);
  assert.equal(run.stdout(), "1");
});

Deno.test("SIGHUP tells the application again although nothing changed", async () => {
  await using it = await fixture();
  await using kcfg = it.start("--", it.application);
  await eventually("it starts", () => kcfg.stdout().includes("start 1\n"));
  kcfg.signal("SIGHUP");
  await eventually("it reloads", () => kcfg.stdout().includes("reload 1\n"));
  kcfg.signal("SIGTERM");
  assert.equal(await kcfg.exitCode(), 0);
});

Deno.test("what drifts on the disk is put right at the next comparison", async () => {
  await using it = await fixture();
  await using kcfg = it.start("--reload-action=none", "--resync-interval=50ms");
  await eventually("it is ready", () => kcfg.logLine("ready"));
  const folder = await Deno.readLink(`${it.root}/..data`);
  await Deno.writeTextFile(`${it.root}/${folder}/a`, "drifted");
  await eventually("it is repaired", async () => await it.read("a") === "1");
});

Deno.test("the directory and what leads to it get the mode that is asked for, when they are made", async () => {
  await using it = await fixture();
  const modeOf = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;
  const [made, root] = [`${it.dir.path}/made`, `${it.dir.path}/made/config`];
  const start = (mode: string) =>
    startKcfg([
      ...["reload", `--volume-dir=${it.volume.path}`, `--configroot=${root}`],
      ...["--once", `--dir-mode=${mode}`],
    ]);
  await using first = start("0750");
  assert.equal(await first.exitCode(), 0, first.stderr());
  assert.deepEqual([await modeOf(made), await modeOf(root)], [0o750, 0o750]);
  // What is there already is somebody's, who has chosen its mode.
  await using second = start("0700");
  assert.equal(await second.exitCode(), 0, second.stderr());
  assert.equal(await modeOf(root), 0o750);
  await Deno.remove(made, { recursive: true });
  await Deno.mkdir(made);
  await Deno.writeTextFile(root, "");
  await using third = start("0750");
  assert.equal(await third.exitCode(), 1);
  assert.match(third.stderr(), /Cannot make the directory ".*": it is no directory/);
});
