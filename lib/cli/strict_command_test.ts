/** What the launcher hands to the worker. */

import assert from "node:assert/strict";
import { toGrants } from "#lib/run/grants.ts";
import { SANDBOX_PROBE_VARIABLE } from "#lib/run/sandbox_probe.ts";
import type { StrictRun } from "#lib/run/strict_sandbox.ts";
import { testContext } from "#tests/support/context.ts";
import { boolFlag } from "./flag.ts";
import { launchCommand, strictEnv } from "./strict_command.ts";

const FLAGS = { fail: boolFlag({ brief: "Fail", category: "Test", default: "false", env: ["F"] }) };
const COMMAND = { name: "try-it", flags: FLAGS, grants: toGrants({ env: ["HOME"] }) };

Deno.test("strictEnv() keeps variables of flags, those that may be read, and the hooks", () => {
  const kept = { KCFG_TRY_IT_FAIL: "1", F: "2", HOME: "/", KCFG_DEBUG: "1" };
  const env = { ...kept, PATH: "/bin", AWS_SECRET_ACCESS_KEY: "hunter2", KCFG_OTHER_FAIL: "3" };
  assert.deepEqual(strictEnv(COMMAND, env), kept);
});

async function launched(probe: string | undefined) {
  const env = probe === undefined ? undefined : { [SANDBOX_PROBE_VARIABLE]: probe };
  const { context, stdout } = testContext(env && { env });
  const runs: StrictRun[] = [];
  const exitCode = await launchCommand({ ...COMMAND, args: ["--fail"] }, {
    strict: {
      kind: "launcher",
      async launch(run) {
        runs.push(run);
        return await run.whenEnclosed?.() ?? 9;
      },
    },
    context,
  });
  return { run: runs[0], exitCode, stdout: stdout() };
}

Deno.test("launchCommand() runs the same command line in the worker", async () => {
  const { run, exitCode } = await launched(undefined);
  assert.deepEqual(run?.args, ["try-it", "--fail"]);
  assert.equal(exitCode, 9);
});

Deno.test("launchCommand() leaves a probe to the worker unless it is for the launcher", async () => {
  const inWorker = await launched("read:/");
  assert.equal(inWorker.run?.env[SANDBOX_PROBE_VARIABLE], "read:/");
  assert.equal(inWorker.exitCode, 9);
  const here = await launched("launcher:read:/");
  assert.equal(here.run?.env[SANDBOX_PROBE_VARIABLE], undefined);
  // Nothing is dropped in this process.
  assert.equal(here.exitCode, 1);
  assert.equal(here.stdout, '{"probe":"read:/","result":"allowed","error":null}\n');
});
