/** Ways to reload that need a process: a PID file, a restart of the application, a command; each as a user sees it. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { startReload, untilReady } from "#tests/support/reload.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const BESIDE = `#!/bin/sh
trap 'cat "$1/a" >> "$1/../seen"' HUP
echo $$ > "$1/../app.pid"
while :; do sleep 0.02; done
`;

Deno.test("reload: the process of a PID file is signalled, a stale file is tried again", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "1;" });
  const root = `${dir.path}/config`;
  const pidFile = await dir.write("app.pid", "no number\n");
  await using kcfg = await startReload([
    ...[`--configroot=${root}`, `--volume-dir=${volume.path}`, `--pid-file=${pidFile}`],
    ...["--reload-min-interval=0", "--reload-retry-max-elapsed=0", "--reload-retry-interval=20ms"],
  ]);
  await untilReady(kcfg);
  const lastError = async () => (await kcfg.status()).reload.lastError ?? "";
  await eventually("it lacks a number", async () => /has no number/.test(await lastError()));
  // Numbers of processes end far below it.
  await Deno.writeTextFile(pidFile, "999999999\n");
  await eventually("it is stale", async () => /no process 999999999/.test(await lastError()));
  const program = await dir.write("app.sh", BESIDE);
  const application = new Deno.Command("/bin/sh", { args: [program, root], stdin: "null" }).spawn();
  try {
    const seen = () => Deno.readTextFile(`${dir.path}/seen`).catch(() => "");
    await eventually("it hears of the first", async () => (await seen()).startsWith("1;"));
    await eventually("all is well", async () => await lastError() === "");
    await volume.swap({ a: "2;" });
    await eventually("it hears of the second", async () => (await seen()).endsWith("2;"));
  } finally {
    application.kill("SIGKILL");
    await application.status;
  }
});

Deno.test("reload: an application is restarted for each version, and its end by that ends nothing", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "1" });
  const program = await dir.write(
    "app.sh",
    `trap 'echo stop; exit 3' TERM
echo "start $(cat "$KCFG_CONFIG_ROOT/a") $KCFG_CONFIG_HASH"
while :; do sleep 0.02; done
`,
  );
  await using kcfg = await startReload([
    ...[`--configroot=${dir.path}/config`, `--volume-dir=${volume.path}`],
    ...["--reload-action=restart", "--reload-min-interval=0", "--", "/bin/sh", program],
  ]);
  await untilReady(kcfg);
  const first = await kcfg.status();
  await eventually("it starts", () => kcfg.stdout() === `start 1 ${first.hash}\n`);
  await volume.swap({ a: "2" });
  await eventually("it starts again", () => /stop\nstart 2 /.test(kcfg.stdout()));
  await eventually("it is counted", async () => {
    return await kcfg.metric("kcfg_reload_child_restarts_total") === 1;
  });
  const second = await kcfg.status();
  assert.match(kcfg.stdout(), new RegExp(`start 2 ${second.hash}\n$`));
  assert.notEqual(second.child?.pid, first.child?.pid);
  kcfg.signal("SIGTERM");
  assert.equal(await kcfg.exitCode(), 3);
});

Deno.test("reload: a rollback survives a restart of kcfg between the write and the failure", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "1" });
  const root = `${dir.path}/config`;
  const command = await dir.write("check.sh", `! grep -q bad "$KCFG_CONFIG_ROOT/a"\n`);
  const args = (elapsed: string) => [
    ...[`--configroot=${root}`, `--volume-dir=${volume.path}`, "--rollback"],
    ...[`--reload-command=/bin/sh ${command}`, "--reload-min-interval=0"],
    ...[`--reload-retry-max-elapsed=${elapsed}`, "--reload-retry-interval=20ms"],
  ];
  {
    await using kcfg = await startReload(args("1h"));
    await eventually("the first is heard", async () => {
      const { hash, lastReloadHash } = await kcfg.status();
      return hash === lastReloadHash;
    });
    await volume.swap({ a: "bad" });
    await eventually("it fails", async () => (await kcfg.status()).state === "reload-failing");
    assert.equal(await Deno.readTextFile(`${root}/a`), "bad");
  }
  await using kcfg = await startReload(args("0"));
  await eventually("it goes back", async () => (await kcfg.status()).state === "rolled-back");
  assert.equal(await Deno.readTextFile(`${root}/a`), "1");
});

Deno.test("reload: beside its application it can be put to sleep by a terminal, as any program", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "1" });
  await using kcfg = await startReload([`--volume-dir=${volume.path}`, "--reload-action=none"]);
  await untilReady(kcfg);
  const state = async () => {
    const stat = await Deno.readTextFile(`/proc/${kcfg.pid}/stat`);
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
  };
  kcfg.signal("SIGTSTP");
  try {
    await eventually("it sleeps", async () => await state() === "T");
  } finally {
    kcfg.signal("SIGCONT");
  }
  await eventually("it goes on", async () => await state() !== "T");
  assert.equal(await kcfg.answer("/healthz"), 200);
});

Deno.test("reload: an application that is stopped while it restarts is not started again", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "1" });
  const program = await dir.write(
    "app.sh",
    `trap 'echo asked; sleep 0.5; echo stop; exit 0' TERM
echo "start $(cat "$KCFG_CONFIG_ROOT/a")"
while :; do sleep 0.02; done
`,
  );
  await using kcfg = await startReload([
    ...[`--configroot=${dir.path}/config`, `--volume-dir=${volume.path}`, "--kill-group=false"],
    ...["--reload-action=restart", "--reload-min-interval=0", "--", "/bin/sh", program],
  ]);
  await untilReady(kcfg);
  await eventually("it starts", () => kcfg.stdout() === "start 1\n");
  await volume.swap({ a: "2" });
  await eventually("it is to restart", () => kcfg.stdout().includes("asked"));
  kcfg.signal("SIGTERM");
  assert.equal(await kcfg.exitCode(), 0);
  assert.doesNotMatch(kcfg.stdout(), /start 2/);
});
