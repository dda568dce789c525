/** What goes wrong around `kcfg reload`: sources that are away, API servers that say nothing, full disks, other layouts. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { startKcfg } from "#tests/support/process.ts";
import { startReload, untilReady } from "#tests/support/reload.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

/** Takes connections and never says a word. */
function startSilence(): AsyncDisposable & { readonly port: number } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const held: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of listener) held.push(connection);
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const connection of held) connection.close();
    },
  };
}

Deno.test("reload: SIGHUP tells the application also while its source cannot be read, and puts files right", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "1" });
  const reasons = `${dir.path}/reasons`;
  await using kcfg = await startReload([
    ...[`--configroot=${dir.path}/config`, `--volume-dir=${volume.path}`],
    ...["--reload-min-interval=0", "--reload-action=command"],
    `--reload-command=sh -c 'echo $KCFG_RELOAD_REASON >> ${reasons}'`,
  ]);
  await untilReady(kcfg);
  await eventually("the first is told", () => kcfg.logLine("application reloaded"));
  await Deno.writeTextFile(`${dir.path}/config/a`, "changed by somebody");
  await Deno.rename(volume.path, `${dir.path}/away`);
  kcfg.signal("SIGHUP");
  await eventually(
    "it is told",
    async () => await Deno.readTextFile(reasons) === "start\nforced\n",
  );
  assert.equal(await Deno.readTextFile(`${dir.path}/config/a`), "1");
  await eventually("it says why", () => kcfg.stderr().includes("A source could not be asked"));
});

Deno.test("reload: SIGTERM is obeyed while an API server does not answer an Event", async () => {
  await using dir = await tempDir();
  await using silence = startSilence();
  const volume = await kubeletVolume(dir.path, { a: "1" });
  await using kcfg = await startReload([
    ...[`--configroot=${dir.path}/config`, `--volume-dir=${volume.path}`, "--reload-action=none"],
    ...["--events", `--server=https://127.0.0.1:${silence.port}`, "--token=x"],
  ], { env: { POD_NAME: "pod" } });
  await untilReady(kcfg);
  await eventually("there is something to tell", () => kcfg.logLine("application reloaded"));
  kcfg.signal("SIGTERM");
  assert.equal(await kcfg.exitCode(), 0);
});

Deno.test("reload: SIGTERM is obeyed while a selection is waited for without a limit", async () => {
  await using dir = await tempDir();
  await using silence = startSilence();
  await using kcfg = await startReload([
    ...[`--configroot=${dir.path}/config`, "--selector=a=b", "--startup-timeout=0"],
    ...["--reload-action=none", `--server=https://127.0.0.1:${silence.port}`, "--token=x"],
  ]);
  kcfg.signal("SIGTERM");
  assert.equal(await kcfg.exitCode(), 0);
});

Deno.test("reload --once around an application passes SIGHUP on as its reload signal", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "1" });
  const program = await dir.write(
    "app.sh",
    "trap 'echo usr2' USR2\ntrap 'exit 0' TERM\necho ready\nwhile :; do sleep 0.05; done\n",
  );
  await using kcfg = startKcfg([
    ...["reload", `--configroot=${dir.path}/config`, `--volume-dir=${volume.path}`, "--once"],
    ...["--reload-signal=USR2", "--", "/bin/sh", program],
  ]);
  await eventually("it runs", () => kcfg.stdout().includes("ready"));
  kcfg.signal("SIGHUP");
  await eventually("it has heard", () => kcfg.stdout().includes("usr2"));
  kcfg.signal("SIGTERM");
  assert.equal(await kcfg.exitCode(), 0);
});

Deno.test("reload says which directory it cannot write", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "1" });
  await dir.write("file", "");
  await using kcfg = startKcfg([
    ...["reload", `--configroot=${dir.path}/file/config`, `--volume-dir=${volume.path}`, "--once"],
  ]);
  assert.equal(await kcfg.exitCode(), 1);
  assert.match(kcfg.stderr(), /Cannot make the directory ".*file\/config": /);
  assert.match(kcfg.stderr(), /hint: name another one with --configroot/);
});

Deno.test("reload drops signals that come before there is anything to reload", async () => {
  await using dir = await tempDir();
  await using silence = startSilence();
  await using kcfg = await startReload([
    ...[`--configroot=${dir.path}/config`, "--configmap=x/app", "--startup-timeout=0"],
    ...[`--server=https://127.0.0.1:${silence.port}`, "--token=x", "--", "true"],
  ]);
  for (const name of ["SIGHUP", "SIGUSR1", "SIGWINCH"] as const) kcfg.signal(name);
  assert.equal((await kcfg.status()).state, "starting");
  kcfg.signal("SIGTERM");
  assert.equal(await kcfg.exitCode(), 0);
});

Deno.test("reload: a version that failed is not forgotten by a restart that goes back to the one before", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "good" });
  const told = `${dir.path}/told`;
  const args = [
    ...[`--configroot=${dir.path}/config`, `--volume-dir=${volume.path}`],
    ...["--reload-on-start=changed", "--reload-min-interval=0", "--reload-action=command"],
    `--reload-command=sh -c 'cat $KCFG_CONFIG_ROOT/a >> ${told}; grep -q good $KCFG_CONFIG_ROOT/a'`,
  ];
  {
    await using kcfg = await startReload(args);
    await eventually("the first is told", () => kcfg.logLine("application reloaded"));
    await volume.swap({ a: "bad" });
    await eventually("the second fails", () => kcfg.logLine("reload failed"));
  }
  await volume.swap({ a: "good" });
  await Deno.remove(told);
  {
    await using kcfg = await startReload(args);
    await eventually("the first is told again", () => kcfg.logLine("application reloaded"));
    assert.equal(await Deno.readTextFile(told), "good");
  }
  await using kcfg = await startReload(args);
  await untilReady(kcfg);
  assert.equal((await kcfg.status()).reload.attempts, 0);
});

Deno.test("reload: SIGTERM ends --once with 0, while a target does not answer and between two tries", async () => {
  await using dir = await tempDir();
  await using silence = startSilence();
  const volume = await kubeletVolume(dir.path, { a: "1" });
  const start = (url: string) =>
    startKcfg([
      ...["reload", "--once", `--configroot=${dir.path}/config`, `--volume-dir=${volume.path}`],
      ...["--log-format=json", "--reload-retry-max-elapsed=1h", `--reload-http=${url}`],
    ]);
  await using hung = start(`http://127.0.0.1:${silence.port}/`);
  await eventually("it is ready", () => hung.logLine("ready"));
  hung.signal("SIGTERM");
  assert.equal(await hung.exitCode(), 0, hung.stderr());
  await using failing = start("http://127.0.0.1:1/");
  await eventually("it has failed", () => failing.logLine("reload failed"));
  failing.signal("SIGTERM");
  assert.equal(await failing.exitCode(), 0, failing.stderr());
});
