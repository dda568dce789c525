/** `kcfg reload` that somebody has made a child subreaper: what it adopts is reaped, around an application or not. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { collect } from "#tests/support/process.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { zombieChildren } from "#tests/support/zombies.ts";

const ROOT = new URL("../../..", import.meta.url).pathname;
const ORPHANS = 5;

/** Leaves so many processes to whoever adopts them. */
const LEAVING = `i=0
while [ $i -lt ${ORPHANS} ]; do sh -c 'sleep 0.1 & exit 0' >/dev/null 2>&1; i=$((i + 1)); done
`;

async function perlProblem(): Promise<string | undefined> {
  try {
    await new Deno.Command("perl", { args: ["-e", "1"] }).output();
    return undefined;
  } catch {
    return "no perl: apt-get install perl-base";
  }
}

/** prctl(PR_SET_CHILD_SUBREAPER, 1), which an exec leaves as it is. */
function startAsSubreaper(args: readonly string[]) {
  const number = Deno.build.arch === "aarch64" ? 167 : 157;
  const child = new Deno.Command("perl", {
    args: [
      ...["-e", `syscall(${number}, 36, 1, 0, 0, 0) == 0 or die; exec @ARGV or die`],
      ...[Deno.execPath(), "run", "-A", "--no-prompt", "--quiet", `${ROOT}main.ts`, "reload"],
      ...["--log-level=debug", ...args],
    ],
    stdin: "null",
    stderr: "piped",
  }).spawn();
  return { child, stderr: collect(child.stderr) };
}

const perl = await perlProblem();

for (const around of ["an application", "hooks alone"] as const) {
  Deno.test({
    name: `reload as a child subreaper with ${around} reaps the orphans it adopts` +
      (perl === undefined ? "" : ` (${perl})`),
    ignore: perl !== undefined,
    async fn() {
      await using dir = await tempDir();
      const volume = await kubeletVolume(dir.path, { "a.conf": "1" });
      const hook = await dir.write("hook.sh", LEAVING);
      const application = await dir.write(
        "app.sh",
        `trap 'exit 0' TERM\n${LEAVING}while :; do sleep 0.05; done\n`,
      );
      const { child, stderr } = startAsSubreaper([
        ...[`--configroot=${dir.path}/config`, `--volume-dir=${volume.path}`],
        ...(around === "hooks alone"
          ? ["--reload-action=command", `--reload-command=/bin/sh ${hook}`]
          : ["--", "/bin/sh", application]),
      ]);
      try {
        await eventually(
          "all are reaped",
          () => stderr.text().split("orphan reaped").length === ORPHANS + 1,
          { withinMs: 4900 },
        );
        assert.equal(await zombieChildren(child.pid), 0);
      } finally {
        child.kill("SIGTERM");
        assert.equal((await child.status).code, 0);
        await eventually("its words have ended", stderr.isDone);
      }
    },
  });
}
