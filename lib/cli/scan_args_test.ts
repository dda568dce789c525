/** Scanning of arguments: what is found, suggested and refused. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { boolFlag, choiceFlag, textFlag, unavailableFlag } from "./flag.ts";
import { proposeArgs } from "./doubtful_args.ts";
import { scanArgs } from "./scan_args.ts";
import type { ScannableCommand } from "./scannable_command.ts";
import { UsageError } from "./usage_error.ts";

const COMMAND: ScannableCommand = {
  name: "serve",
  summary: "Serve",
  flags: {
    "listen-addr": textFlag({ brief: "", category: "", default: ":1" }),
    "log-level": choiceFlag({
      brief: "",
      category: "",
      default: "info",
      choices: ["info", "warn"],
    }),
    cache: boolFlag({ brief: "", category: "", default: "true" }),
    peers: unavailableFlag("the ring"),
  },
};

async function usageError(command: ScannableCommand, ...args: string[]): Promise<UsageError> {
  const failure = await scanArgs(command, args).then(() => undefined, (error: unknown) => error);
  assert.ok(failure instanceof UsageError, `expected a usage error, got ${failure}`);
  return failure;
}

Deno.test("scanArgs() collects flags by name", async () => {
  const scanned = await scanArgs(COMMAND, ["-listen-addr", ":2", "-cache=false"]);
  assert.deepEqual({ ...scanned.flags }, { "listen-addr": ":2", cache: "false" });
  assert.deepEqual(scanned.positionals, []);
});

Deno.test("scanArgs() names an unknown flag and the near miss", async () => {
  const error = await usageError(COMMAND, "--lisen-addr=:1");
  assert.equal(error.message, "Unknown flag --lisen-addr");
  assert.equal(error.hints[0], "did you mean --listen-addr?");
});

Deno.test("scanArgs() takes no unknown flag of one letter for what the command works on", async () => {
  const command = {
    ...COMMAND,
    positionals: { placeholder: "TARGET", brief: "", minimum: 1, maximum: 9 },
  };
  for (const arg of ["-q", "--q", "-q=1"]) {
    const error = await usageError(command, arg, "web.prod");
    assert.equal(error.message, "Unknown flag -q");
  }
});

Deno.test("scanArgs() does not suggest a flag that is not available", async () => {
  const error = await usageError(COMMAND, "--peer");
  assert.ok(!error.hints.join().includes("--peers"));
});

Deno.test("scanArgs() rejects positionals a command does not take", async () => {
  assert.equal((await usageError(COMMAND, "x")).message, 'Unexpected argument "x"');
});

Deno.test("scanArgs() rejects missing positionals", async () => {
  const command = {
    ...COMMAND,
    positionals: { placeholder: "SHELL", brief: "", minimum: 1, maximum: 1 },
  };
  assert.equal((await usageError(command)).message, "Missing argument SHELL");
  assert.deepEqual((await scanArgs(command, ["zsh"])).positionals, ["zsh"]);
});

Deno.test("scanArgs() rejects -- unless the command takes a program", async () => {
  assert.match((await usageError(COMMAND, "--", "x")).message, /takes nothing behind/);
  const scanned = await scanArgs({ ...COMMAND, takesPassthrough: true }, ["--", "-x"]);
  assert.deepEqual(scanned.passthrough, ["-x"]);
});

Deno.test("scanArgs() answers any arguments with a result or a usage error", async () => {
  const word = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("--", "-", "--listen-addr", "-cache", "--cache=", "---", "-=", "--=x", "-é"),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (args) => {
      await scanArgs(COMMAND, args).catch((error) => assert.ok(error instanceof UsageError, error));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("proposeArgs() proposes flags that begin as typed and are available", async () => {
  assert.deepEqual(await proposeArgs(COMMAND, ["--li"]), ["--listen-addr"]);
  assert.deepEqual(await proposeArgs(COMMAND, ["--pe"]), []);
});
