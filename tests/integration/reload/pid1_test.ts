/** `kcfg reload` as PID 1 of a PID namespace, as in a container: orphans reaped, signals passed on, status kept. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { collect } from "#tests/support/process.ts";
import { zombieChildren } from "#tests/support/zombies.ts";
import { type TempDir, tempDir } from "#tests/support/temp_dir.ts";

const ROOT = new URL("../../..", import.meta.url).pathname;
const ORPHANS = 50;

/** Whether namespaces can be made here: that needs root or a permissive kernel. */
async function unshareProblem(): Promise<string | undefined> {
  try {
    const { success } = await new Deno.Command("unshare", {
      args: ["--pid", "--fork", "--mount-proc", "true"],
      stdout: "null",
      stderr: "null",
    }).output();
    return success ? undefined : "PID namespaces cannot be made here";
  } catch {
    return "no unshare: apt-get install util-linux";
  }
}

async function startAsPid1(dir: TempDir, script: string, flags: readonly string[] = []) {
  const volume = await kubeletVolume(dir.path, { "a.conf": "1" });
  const program = await dir.write("app.sh", script);
  const child = new Deno.Command("unshare", {
    args: [
      ...["--pid", "--fork", "--mount-proc", "--kill-child", Deno.execPath()],
      ...["run", "-A", "--no-prompt", "--quiet", `${ROOT}main.ts`, "reload"],
      ...["--listen=127.0.0.1:0", "--log-format=json", `--configroot=${dir.path}/config`],
      ...[`--volume-dir=${volume.path}`, "--log-level=debug", ...flags, "--", "/bin/sh", program],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const streamsEnded = () =>
    eventually("its streams have ended", () => stdout.isDone() && stderr.isDone());
  let hasEnded = false;
  const status = child.status.finally(() => hasEnded = true);
  const line = (message: string) =>
    stderr.text().split("\n").filter((text) => text.startsWith("{") && text.endsWith("}"))
      .map((text) => JSON.parse(text)).find((entry) => entry.message === message);
  await eventually(`it is ready: ${stderr.text()}`, () => line("ready"));
  const [pid1 = ""] = (await Deno.readTextFile(`/proc/${child.pid}/task/${child.pid}/children`))
    .split(" ");
  return {
    pid1: Number(pid1),
    base: `http://${line("listening").listen}`,
    stdout: stdout.text,
    stderr: stderr.text,
    async exitCode() {
      await eventually(`it ended: ${stderr.text()}`, () => hasEnded, { withinMs: 4900 });
      await streamsEnded();
      return (await status).code;
    },
    async [Symbol.asyncDispose]() {
      if (!hasEnded) Deno.kill(Number(pid1), "SIGKILL");
      await status;
      await streamsEnded();
    },
  };
}

const problem = await unshareProblem();

Deno.test({
  name: `reload as PID 1 reaps ${ORPHANS} orphans and ends with the status of its application` +
    (problem === undefined ? "" : ` (${problem})`),
  ignore: problem !== undefined,
  async fn() {
    await using dir = await tempDir();
    await using kcfg = await startAsPid1(
      dir,
      `trap 'echo hup' HUP
trap 'echo usr1' USR1
trap 'echo term; exit 7' TERM
i=0
while [ $i -lt ${ORPHANS} ]; do sh -c 'sleep 0.2 & exit 0'; i=$((i + 1)); done
echo spawned
while :; do sleep 0.05; done
`,
    );
    await eventually("all are spawned", () => kcfg.stdout().includes("spawned"));
    const reaped = async () => {
      const text = await (await fetch(`${kcfg.base}/metrics`)).text();
      return Number(/^kcfg_reload_reaped_processes_total (\d+)/m.exec(text)?.[1] ?? "0");
    };
    await eventually("the orphans are reaped", async () => await reaped() >= ORPHANS);
    await eventually("no zombie is left", async () => await zombieChildren(kcfg.pid1) === 0);
    Deno.kill(kcfg.pid1, "SIGUSR1");
    await eventually("USR1 is passed on", () => kcfg.stdout().includes("usr1"));
    Deno.kill(kcfg.pid1, "SIGHUP");
    await eventually("HUP reloads", () => kcfg.stdout().includes("hup"));
    Deno.kill(kcfg.pid1, "SIGTERM");
    assert.equal(await kcfg.exitCode(), 7);
    assert.match(kcfg.stdout(), /term/);
  },
});

Deno.test({
  name: "reload as PID 1 leaves the status of a hook to whoever waits for it" +
    (problem === undefined ? "" : ` (${problem})`),
  ignore: problem !== undefined,
  async fn() {
    await using dir = await tempDir();
    const hook = await dir.write("hook.sh", "sleep 0.1; exit 0\n");
    await using kcfg = await startAsPid1(
      dir,
      // Orphans end all the time, so that the reaper looks all the time.
      `trap 'exit 0' TERM
while :; do sh -c 'sleep 0.01 & exit 0'; sleep 0.01; done
`,
      [
        ...["--reload-action=command", `--reload-command=/bin/sh ${hook}`, "--enable-admin"],
        "--reload-min-interval=0",
      ],
    );
    for (let run = 0; run < 10; run++) {
      const response = await fetch(`${kcfg.base}/-/reload`, { method: "POST" });
      assert.match(await response.text(), /"ok":true/, kcfg.stderr().slice(-1000));
    }
    Deno.kill(kcfg.pid1, "SIGTERM");
    assert.equal(await kcfg.exitCode(), 0);
  },
});
