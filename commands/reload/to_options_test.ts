/** Wrong usage is said at the start, by the option's name: no run that could never succeed begins. */

import assert from "node:assert/strict";
import { resolveFlags } from "#lib/cli/resolve_flags.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import { FLAGS } from "./flag_table.ts";
import type { ReloadOptions } from "./options.ts";
import { toOptions } from "./to_options.ts";

type Flags = Readonly<Record<string, string | undefined>>;

function parse(flags: Flags, passthrough?: readonly string[]): ReloadOptions {
  const entries = Object.entries({ configroot: "/c", configmap: "app", ...flags });
  const given = Object.fromEntries(
    entries.flatMap(([name, text]) => text === undefined ? [] : [[name, text]]),
  );
  const resolved = resolveFlags(FLAGS, { flags: given, env: {}, command: "reload" });
  return toOptions(resolved, { passthrough, positionals: [] }, "/");
}

function refusal(flags: Flags, passthrough?: readonly string[]): string {
  try {
    parse(flags, passthrough);
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    return error.message;
  }
  assert.fail(`accepted: ${JSON.stringify(flags)}`);
}

Deno.test("toOptions() refuses an action that lacks what it acts on", () => {
  const cases: Record<string, RegExp> = {
    process: /process needs a name, --signal-process=NAME/,
    pidfile: /pidfile needs a file/,
    command: /command needs a program/,
    http: /http needs a URL/,
    signal: /signal needs an application behind --/,
    restart: /restart needs an application/,
    "none,command": /command needs a program/,
    other: /"other" is not one of http, signal/,
  };
  for (const [action, message] of Object.entries(cases)) {
    assert.match(refusal({ "reload-action": action }), message);
  }
  assert.match(refusal({ "reload-method": "signal" }), /process needs a name/);
  assert.match(refusal({ "reload-method": "grpc" }), /reload-method: "grpc" is not one of/);
  assert.match(refusal({}), /command line or HTTP endpoint required/);
});

Deno.test("toOptions() takes the action from what is there", () => {
  const prog = ["prog"];
  const url = { "reload-http": "http://x/" };
  assert.deepEqual(parse({}, prog).actions, ["signal"]);
  assert.deepEqual(parse(url, prog).actions, ["http"]);
  assert.deepEqual(parse({ ...url, "reload-signal": "HUP" }, prog).actions, ["signal", "http"]);
  assert.deepEqual(parse(url).actions, ["http"]);
  assert.deepEqual(parse({ "signal-process": "nginx" }).actions, ["process"]);
  assert.deepEqual(parse({ "pid-file": "/run/x.pid" }).actions, ["pidfile"]);
  assert.deepEqual(parse({ "reload-command": "x" }).actions, ["command"]);
  const method = { "reload-method": "signal", "process-executable-name": "prometheus" };
  assert.deepEqual(parse({ ...url, ...method }).actions, ["process"]);
});

Deno.test("toOptions() refuses what would have no effect, or could not work", () => {
  const url = { "reload-http": "http://x/" };
  assert.match(
    refusal({ ...url, rollback: "true", "keep-versions": "0" }),
    /rollback: with --keep-versions=0/,
  );
  assert.match(
    refusal({ ...url, "verify-mode": "contains-hash" }),
    /verify-mode: there is nothing to ask/,
  );
  assert.match(
    refusal({ ...url, "reload-http-body": "a", "reload-http-body-file": "b" }),
    /reload-http-body: the body comes from/,
  );
  assert.match(refusal({ "reload-http": "http://u:100%@x/" }), /a % by itself/);
  assert.match(refusal({ ...url, include: "[z-a]" }), /include: "\[z-a\]" has a range/);
  const inPlace = { configroot: undefined, configmap: undefined, "volume-dir": "/v" };
  assert.match(refusal({ ...url, ...inPlace, rollback: "true" }), /files that are used in place/);
});

Deno.test("toOptions() asks --runtimeinfo-url as it sends to --reload-url", () => {
  const flags = {
    "reload-url": "https://localhost/-/reload",
    "runtimeinfo-url": "https://localhost/api/v1/status/runtimeinfo",
  };
  assert.deepEqual([parse(flags).verify?.verifiesTls], [false]);
  const trusting = parse({ ...flags, "reload-http-ca": "/ca.pem" }).verify;
  assert.deepEqual([trusting?.verifiesTls, trusting?.caFile], [true, "/ca.pem"]);
});
