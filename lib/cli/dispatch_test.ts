/** The dispatcher with made-up commands. */

import assert from "node:assert/strict";
import { toGrants } from "#lib/run/grants.ts";
import type { PermissionKind } from "#lib/run/permissions.ts";
import type { StrictRun } from "#lib/run/strict_sandbox.ts";
import { testContext } from "#tests/support/context.ts";
import { boolFlag } from "./flag.ts";
import type { Command, CommandEntry } from "./command.ts";
import { dispatch } from "./dispatch.ts";

const FLAGS = { fail: boolFlag({ brief: "Fail", category: "Test", default: "false" }) };

function commandNamed(name: string, ran: string[]): Command<boolean, typeof FLAGS> {
  return {
    name,
    summary: "Try things",
    description: [],
    examples: [],
    flags: FLAGS,
    options: ({ values }) => values.fail,
    permissions: () => ({ net: [":1"] }),
    run(fail) {
      ran.push(name);
      if (fail) throw new Error("Cannot read\nfile\x1b");
      return Promise.resolve(7);
    },
  };
}

async function run(...args: string[]) {
  const ran: string[] = [];
  const revoked: PermissionKind[] = [];
  const { context, stdout, stderr } = testContext();
  const commands: CommandEntry[] = [
    {
      name: "probe",
      summary: "Try things",
      load: () => Promise.resolve({ command: commandNamed("probe", ran) }),
    },
  ];
  const exitCode = await dispatch(args, {
    commands,
    permissions: {
      query: (kind) => revoked.includes(kind) ? "denied" : "granted",
      revoke: (kind) => revoked.push(kind),
    },
    context,
    strict: { kind: "launcher", launch: () => Promise.reject(new Error("not asked for")) },
    setSecondSignalExitCode() {},
  });
  return { exitCode, ran, revoked, stdout: stdout(), stderr: stderr() };
}

Deno.test("dispatch() runs a command with only the kinds it asked for", async () => {
  const { exitCode, ran, revoked } = await run("probe");
  assert.equal(exitCode, 7);
  assert.deepEqual(ran, ["probe"]);
  assert.deepEqual(revoked, ["read", "write", "env", "run", "sys", "ffi", "import"]);
});

for (const connects of [true, false]) {
  Deno.test(`dispatch() gathers entropy first when ${connects} for the command`, async () => {
    const told: string[] = [];
    const { generateKey } = crypto.subtle;
    const note = () => {
      told.push("entropy");
      return Promise.reject(new Error("not here"));
    };
    Object.assign(crypto.subtle, { generateKey: note });
    const command: Command<boolean, typeof FLAGS> = {
      ...commandNamed("probe", told),
      connectsAtStart: () => connects,
      permissions: () => {
        told.push("permissions");
        return {};
      },
    };
    try {
      const { context } = testContext();
      await dispatch(["probe"], {
        commands: [{ ...command, load: () => Promise.resolve({ command }) }],
        permissions: { query: () => "denied", revoke() {} },
        context,
        strict: { kind: "launcher", launch: () => Promise.reject(new Error("not asked for")) },
        setSecondSignalExitCode() {},
      });
    } finally {
      Object.assign(crypto.subtle, { generateKey });
    }
    assert.deepEqual(told, [...(connects ? ["entropy"] : []), "permissions", "probe"]);
  });
}

Deno.test("dispatch() prints help without running or keeping anything", async (t) => {
  for (const args of [[], ["help"], ["--help"], ["-h"], ["help", "probe"], ["probe", "-help"]]) {
    await t.step(args.join(" ") || "no arguments", async () => {
      const { exitCode, ran, revoked, stdout } = await run(...args);
      assert.equal(exitCode, 0);
      assert.deepEqual(ran, []);
      assert.equal(revoked.length, 8);
      assert.match(stdout, /Usage: kcfg/);
    });
  }
});

Deno.test("dispatch() suggests the command that was probably meant", async () => {
  const { exitCode, stderr } = await run("prove");
  assert.equal(exitCode, 2);
  assert.equal(
    stderr,
    'kcfg: error: Unknown command "prove"\nkcfg: hint: did you mean "probe"?\n' +
      'kcfg: hint: "kcfg help" lists the commands\n',
  );
});

Deno.test("dispatch() reports a failure line by line, without a stack, and exits 1", async () => {
  const { exitCode, stderr } = await run("probe", "--fail");
  assert.equal(exitCode, 1);
  assert.equal(stderr, "kcfg: error: Cannot read\nkcfg: error: file\uFFFD\n");
});

Deno.test("dispatch() prints permissions as they would be, and as they are", async () => {
  const planned = await run("probe", "--print-permissions");
  assert.match(planned.stdout, /^net {6}kept: :1$/m);
  assert.match(planned.stdout, /^write {4}dropped$/m);
  const real = JSON.parse((await run("probe", "--show-sandbox")).stdout);
  assert.deepEqual(real.net, { state: "granted", values: null });
  assert.deepEqual(real.write, { state: "denied", values: [] });
});

Deno.test("dispatch() prints the version wherever it is asked for", async () => {
  for (const args of [["--version"], ["-version"], ["probe", "-version"]]) {
    const { stdout, ran } = await run(...args);
    assert.match(stdout, /^kcfg version=\d+\.\d+\.\d+ runtime=/);
    assert.deepEqual(ran, []);
  }
});

Deno.test("dispatch() proposes completions for the words behind --", async () => {
  const { stdout, revoked } = await run("__complete", "--", "pro");
  assert.equal(stdout, "probe\n");
  assert.equal(revoked.length, 8);
});

const GRANTS = toGrants({ net: ["127.0.0.1:1"] });

/** Runs a command that knows the strict sandbox, in one of its halves. */
async function runStrict(
  half: "launcher" | "worker",
  { args = ["--sandbox=strict"], allowed = ["net:127.0.0.1:1"] }: {
    readonly args?: readonly string[];
    readonly allowed?: readonly string[];
  } = {},
) {
  const ran: string[] = [];
  const launches: StrictRun[] = [];
  const { context, stdout, stderr } = testContext();
  const command = {
    ...commandNamed("probe", ran),
    strictPermissions: () => Promise.resolve({ net: ["127.0.0.1:1"] }),
  };
  const exitCode = await dispatch(["probe", ...args], {
    commands: [{ name: "probe", summary: "", load: () => Promise.resolve({ command }) }],
    permissions: {
      query: (kind, entry) =>
        allowed.includes(entry === undefined ? kind : `${kind}:${entry}`) ? "granted" : "prompt",
      revoke() {},
    },
    context,
    strict: half === "worker" ? { kind: "worker", grants: GRANTS } : {
      kind: "launcher",
      launch(run) {
        launches.push(run);
        return Promise.resolve(11);
      },
    },
    setSecondSignalExitCode() {},
  });
  return { exitCode, ran, launches, stdout: stdout(), stderr: stderr() };
}

Deno.test("dispatch() hands a strict run to a worker and runs nothing itself", async () => {
  const { exitCode, ran, launches } = await runStrict("launcher");
  assert.equal(exitCode, 11);
  assert.deepEqual(ran, []);
  assert.deepEqual(launches, [
    { args: ["probe", "--sandbox=strict"], env: {}, grants: GRANTS },
  ]);
});

Deno.test("dispatch() runs in the worker, which the launcher made for it", async () => {
  const { exitCode, ran } = await runStrict("worker");
  assert.equal(exitCode, 7);
  assert.deepEqual(ran, ["probe"]);
});

Deno.test("dispatch() refuses to run in a worker that may do more than computed", async () => {
  const { exitCode, ran, stderr } = await runStrict("worker", { allowed: ["write"] });
  assert.equal(exitCode, 1);
  assert.deepEqual(ran, []);
  assert.match(stderr, /the runtime allows more than computed: write$/m);
});

Deno.test("dispatch() prints exact permissions in strict mode, planned and real", async () => {
  const planned = await runStrict("launcher", {
    args: ["--sandbox=strict", "--print-permissions"],
  });
  assert.match(planned.stdout, /^net {6}only: 127\.0\.0\.1:1$/m);
  assert.deepEqual(planned.launches, []);
  const real = await runStrict("worker", { args: ["--sandbox=strict", "--show-sandbox"] });
  assert.deepEqual(JSON.parse(real.stdout).net, { state: "granted", values: ["127.0.0.1:1"] });
});

Deno.test("dispatch() refuses strict for a command that does not know it", async () => {
  const { exitCode, ran, stderr } = await run("probe", "--sandbox=strict");
  assert.equal(exitCode, 2);
  assert.deepEqual(ran, []);
  assert.equal(
    stderr,
    "kcfg: error: Flag --sandbox: this command cannot run in the strict sandbox\n",
  );
  assert.equal((await run("probe", "--sandbox=default")).exitCode, 7);
});
